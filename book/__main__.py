"""The commands behind `make`: python -m book COMMAND."""

import sys
import time
from pathlib import Path

import click
from rich.console import Console

from book import (
    ROOT,
    BookError,
    chapters,
    downloads,
    execution,
    handouts,
    inclusion,
    limits,
    repository,
    scaffold,
    structure,
    translation,
    validation,
    versions,
)
from book import build as builder
from book import course as courses
from book import notebooks as editions

folder = click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", type=folder, default=ROOT, help="The folder of the book, if not this one.")
@click.pass_context
def cli(context, root):
    """Build, check and serve the book."""
    context.obj = root


@cli.command()
@click.option("--language", default="", help="Write the book in a language it is translated to.")
@click.pass_obj
def build(root, language):
    """Execute what changed and write the site into _build/html."""
    started = time.perf_counter()
    site = translation.site(language, root) if language else builder.build(root, Console())
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


@cli.command("translation")
@click.argument("language")
@click.option("--page", default="", help="Begin to translate this page.")
@click.pass_obj
def translate(root, language, page):
    """Bring the translations to LANGUAGE in step with the pages, and say how far they are."""
    for progress in translation.update(language, page, root):
        click.echo(str(progress))


@cli.command("notebooks-branch")
@click.pass_obj
def notebooks_branch(root):
    """Pack the branch of notebooks that Colab and Binder open into a git bundle."""
    click.echo(f"The branch of notebooks is packed in {downloads.write_branch(root)}")


@cli.command("release")
@click.argument("tag")
@click.pass_obj
def release(root, tag):
    """Pack the built site as version TAG, which is v and the version in pyproject.toml."""
    repository.check_tag(tag, root)
    packed = versions.pack(root / builder.SITE, root / builder.BUILD / versions.ASSET)
    click.echo(f"{tag} is packed in {packed}")


@cli.command("pages")
@click.option("--releases", type=click.Path(path_type=Path), default=Path("_build/releases"))
@click.option("--out", type=click.Path(path_type=Path), default=Path("_build/pages"))
@click.pass_obj
def pages(root, releases, out):
    """Lay out what is deployed: the built site, and below it every released version."""
    listed = versions.lay_out(root / builder.SITE, root / releases, root / out)
    click.echo(f"{root / out} holds " + ", ".join(version["name"] for version in listed))


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
    found = chapters.toc_problems(root) or inclusion.problems(root) + structure.problems(root)
    found = found or courses.problems(root) + limits.problems(root)
    if found:
        raise BookError("\n".join(found))
    count = len(chapters.pages(root))
    click.echo(f"{count} pages: contents, inclusions, exercises and claims agree.")


@cli.command()
@click.option("--plan", type=click.Choice(courses.plan_names()), help="The plan to begin with.")
@click.pass_obj
def course(root, plan):
    """Write the first files of a course, and a zip of every assignment."""
    written, kept = scaffold.scaffold(root, plan or "semester")
    for name in written:
        click.echo(f"wrote {name}")
    if kept:
        click.echo(f"Kept as they are: {', '.join(kept)}.")
    if plan and courses.FILE in kept:
        click.echo(f"The plan is the one in {courses.FILE}; to take {plan}, change it there.")
    if missing := scaffold.unlisted(root):
        lines = "\n".join(f"      - file: {name}" for name in missing)
        click.echo(f"For these pages to be on the site, add to `chapters:` in _toc.yml:\n{lines}")
    courses.load(root)
    execution.execute(root, Console())
    zips = handouts.write(root)
    click.echo(f"{len(zips)} assignments are in {root / handouts.OUT}")


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
    beside = {f"{p.path.parent.relative_to(root)}/*.md" for p in chapters.pages(root)}
    patterns = ("*.md", "*.yml", "chapters/**/*.md", "code/**/*.py", "book/**/*", *sorted(beside))
    for pattern in patterns:
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
