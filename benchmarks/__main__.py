"""`python -m benchmarks [NAME …] [--repeat N]`: run the comparisons, print a line for each."""

import tempfile
from pathlib import Path

import click

from benchmarks import harness


@click.command()
@click.argument("names", nargs=-1)
@click.option("--repeat", default=5, show_default=True, type=click.IntRange(1), help="Timed pairs.")
def main(names: tuple[str, ...], repeat: int) -> None:
    """Compare this book with named peers, one line each. NAMES are modules of benchmarks/."""
    found = {entry.__name__.rpartition(".")[2]: entry for entry in harness.entries()}
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise click.UsageError(f"no comparison {unknown[0]!r}; there are: {', '.join(found)}.")
    for name in names or found:
        with tempfile.TemporaryDirectory() as folder:
            found[name].setup(Path(folder))
            click.echo(harness.line(found[name], harness.measure(found[name], repeat)))


if __name__ == "__main__":
    main()
