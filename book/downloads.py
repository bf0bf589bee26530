"""Every page as a notebook: what the site offers for download, and the branch that services open.

Chapters are in the edition for readers. The site carries the notebooks itself, so that downloads
need no other host. Colab and Binder open them from a branch of the repository, which holds what
Binder installs as well; `publish.yml` pushes the commit that is made here.
"""

import os
import shutil
import subprocess
from pathlib import Path

import nbformat

from book import ROOT, BookError, course, execution, repository
from book.chapters import Page, pages
from book.labels import Labels, body_of
from book.notebooks import executed, for_readers, name_of

FOLDER = "_notebooks"  # on the site
BRANCH = Path("_build") / "notebooks-branch"
BUNDLE = Path("_build") / "notebooks.bundle"
ENVIRONMENT = Path(".binder")
LICENCES = ("LICENSE", "LICENSE-text")
AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")

README = """\
# The notebooks of *{title}*

{site}Every page of the book as a notebook, with the outputs that it had when the book was built.
They are made from commit {commit} and replaced with every new one: change the pages, not these
files. Code is under the MIT License, text and figures under CC BY 4.0.
"""


def make(root: Path = ROOT) -> dict[str, nbformat.NotebookNode]:
    """Return every page as a notebook by its path."""
    jupyter_cache, labels, made = execution.open_cache(root), Labels(root), {}
    withheld = course.withheld(root)
    for page in pages(root):
        nothing = nbformat.v4.new_notebook()
        kept = executed(page, jupyter_cache, root) if page.executable else nothing
        try:
            made[name_of(page.docname)] = for_readers(page, kept, labels, withheld, root)
        except BookError:
            if page.of_the_book or page.is_root:
                raise
            made[name_of(page.docname)] = as_written(page)
    return made


def as_written(page: Page) -> nbformat.NotebookNode:
    """Return a teacher's page whose parts have no plain form: its text as it stands."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(body_of(page).strip())])


def write(folder: Path, root: Path = ROOT) -> list[Path]:
    """Write every page as a notebook into a folder, which holds nothing else afterwards."""
    made = {folder / name: notebook for name, notebook in make(root).items()}
    shutil.rmtree(folder, ignore_errors=True)
    for path, notebook in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
    return list(made)


def write_branch(root: Path = ROOT) -> Path:
    """Write what the branch of notebooks holds, and a bundle of one commit with it; return that.

    The commit has no parent and its time is that of the book's own commit: the branch stays small,
    and the same book makes the same commit.
    """
    known = repository.find(root)
    if not known.url:
        raise BookError(
            "No repository is known that could serve the notebooks; name it in _config.yml under "
            "`repository: url:`."
        )
    folder = root / BRANCH
    write(folder, root)
    title = repository.settings(root).get("title") or "the book"
    site = f"[Read the book]({known.site}/). " if known.site else ""
    readme = README.format(title=title, site=site, commit=f"`{known.commit}`")
    (folder / "README.md").write_text(readme, encoding="utf-8")
    for name in LICENCES:
        if (root / name).is_file():
            shutil.copy(root / name, folder / name)
    write_environment(folder / ENVIRONMENT, known, root)
    return _bundle(folder, root / BUNDLE, known)


def write_environment(folder: Path, known: repository.Repository, root: Path = ROOT) -> None:
    """Write Binder's environment: that of a checkout, with the package from its repository."""
    shutil.copytree(root / ENVIRONMENT, folder)
    script = folder / "postBuild"
    text = script.read_text(encoding="utf-8")
    checkout = 'package="."'
    if checkout not in text:
        raise BookError(f"{ENVIRONMENT}/postBuild has no line {checkout}; put it back.")
    text = text.replace(checkout, f'package="{known.package()}"')
    script.write_text(text, encoding="utf-8")


def _bundle(folder: Path, bundle: Path, known: repository.Repository) -> Path:
    """Commit a folder as a branch without history, and pack it into one file."""
    name, email = AUTHOR
    date = _git(ROOT, "log", "-1", "--format=%cI", known.commit).strip() or "2000-01-01T00:00:00Z"
    people = {f"GIT_{who}_NAME": name for who in ("AUTHOR", "COMMITTER")}
    people |= {f"GIT_{who}_EMAIL": email for who in ("AUTHOR", "COMMITTER")}
    people |= {f"GIT_{who}_DATE": date for who in ("AUTHOR", "COMMITTER")}
    branch = known.notebooks_branch
    _git(folder, "init", "--quiet", f"--initial-branch={branch}")
    _git(folder, "add", "--all", "--force")
    message = f"Notebooks of {known.commit}"
    _git(folder, "commit", "--quiet", "--no-gpg-sign", "--message", message, **people)
    _git(folder, "bundle", "create", "--quiet", str(bundle), branch)
    return bundle


def _git(folder: Path, *arguments: str, **environment: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode and arguments[0] != "log":
        raise BookError(f"`git {arguments[0]}` failed: {done.stderr.strip()}")
    return done.stdout
