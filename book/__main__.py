"""The commands behind `make`: python -m book COMMAND."""

import sys
import time
from pathlib import Path

import click
from rich.console import Console

from book import ROOT, BookError, chapters, execution, inclusion, structure, validation
from book import build as builder
from book import notebooks as editions

folder = click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", type=folder, default=ROOT, help="The folder of the book, if not this one.")
@click.pass_context
def cli(context, root):
    """Build, check and serve the book."""
    context.obj = root


@cli.command()
@click.pass_obj
def build(root):
    """Execute what changed and write the site into _build/html."""
    started = time.perf_counter()
    site = builder.build(root, Console())
    took = time.perf_counter() - started
    click.echo(f"The book is built in {took:.0f} s. Open {site}/index.html")


@cli.command()
@click.pass_obj
def notebooks(root):
    """Write the chapters as notebooks into _build/notebooks, one folder an edition."""
    files = editions.write(root)
    click.echo(f"{len(files)} notebooks are in {root / editions.OUT}")


@cli.command()
@click.pass_obj
def nbval(root):
    """Execute the readers' notebooks and compare their outputs, to the last digit."""
    count = validation.validate(root)
    click.echo(f"{count} notebooks give the outputs that they show.")


@cli.command()
@click.pass_obj
def execute(root):
    """Execute the chapters whose outputs are not in the cache."""
    chapters_run = execution.execute(root)
    click.echo(f"{len(chapters_run)} pages executed.")


@cli.command()
@click.pass_obj
def sync(root):
    """Write the text of every included object into its chapter."""
    changed = inclusion.sync(root)
    for path in changed:
        click.echo(f"synced {chapters.place(path, root=root)}")
    click.echo(f"{len(changed)} chapters changed.")


@cli.command()
@click.pass_obj
def check(root):
    """Check the table of contents, inclusions, exercises, claims and numbers of the sources."""
    found = chapters.toc_problems(root) + inclusion.problems(root) + structure.problems(root)
    if found:
        raise BookError("\n".join(found))
    count = len(chapters.pages(root))
    click.echo(f"{count} pages: contents, inclusions, exercises and claims agree.")


@cli.command()
@click.option("--port", default=8000, show_default=True, help="Port to serve on.")
@click.pass_obj
def serve(root, port):
    """Serve the book locally and rebuild it when a source changes."""
    from livereload import Server

    def rebuild():
        try:
            inclusion.sync(root)
            builder.build(root)
        except BookError as error:
            click.secho(str(error), fg="red", err=True)

    rebuild()
    server = Server()
    for pattern in ("*.md", "*.yml", "chapters/**/*.md", "code/**/*.py", "book/**/*"):
        server.watch(str(root / pattern), rebuild, delay=0.5)
    click.echo(f"Serving on http://127.0.0.1:{port}")
    server.serve(root=str(root / builder.SITE), port=port, host="127.0.0.1")


def main():
    """Run a command; what is wrong with the book's sources is said without a traceback."""
    try:
        cli(standalone_mode=False)
    except BookError as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; run the command again to go on.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
