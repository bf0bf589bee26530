"""Where the book lives: its repository, its commit, its site, and the version that is built.

In GitHub Actions the repository that runs the workflow comes before the one in `_config.yml`, so
that a fork links to itself. Elsewhere `_config.yml` decides, and a book that knows no repository
shows no links to one.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import yaml

from book import ROOT, BookError
from book.inclusion import tomllib

NOTEBOOKS = "notebooks"  # the branch that `publish` fills; a version has one of its own
VERSION = re.compile(r"v\d+(\.\d+)*[\w.-]*")


@dataclass(frozen=True)
class Repository:
    """The addresses of a book; every one of them may be missing (an empty string)."""

    url: str = ""  # of the repository, without a slash or `.git` at its end
    commit: str = ""
    site: str = ""  # without a slash at its end
    version: str = ""  # of a frozen site; nothing for the latest

    @property
    def on_github(self) -> bool:
        return urlsplit(self.url).hostname == "github.com"

    @property
    def notebooks_branch(self) -> str:
        return f"{NOTEBOOKS}-{self.version}" if self.version else NOTEBOOKS

    def package(self) -> str:
        """Return what pip installs the package from, at the commit that is checked out."""
        if self.on_github:
            return f"{self.url}/archive/{self.commit}.zip"
        return self.url and f"git+{self.url}@{self.commit}"

    def page(self, docname: str, anchor: str = "") -> str:
        """Return the address of a place on the site."""
        return f"{self.site}/{docname}.html{'#' if anchor else ''}{anchor}" if self.site else ""

    def colab(self, notebook: str) -> str:
        """Return the address that opens a notebook in Colab, which reads from GitHub alone."""
        if not self.on_github:
            return ""
        name = urlsplit(self.url).path.strip("/")
        place = f"{name}/blob/{self.notebooks_branch}/{notebook}"
        return f"https://colab.research.google.com/github/{quote(place)}"

    def binder(self, notebook: str) -> str:
        """Return the address that opens a notebook in Binder, from whatever host it lies on."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https"):
            return ""
        name = parts.path.strip("/")
        hosts = {"github.com": f"gh/{name}", "gitlab.com": f"gl/{quote(name, safe='')}"}
        source = hosts.get(parts.hostname, f"git/{quote(self.url, safe='')}")
        opens = urlencode({"urlpath": f"lab/tree/{notebook}"}, safe="/")
        return f"https://mybinder.org/v2/{source}/{self.notebooks_branch}?{opens}"

    def report(self, title: str, page: str) -> str:
        """Return the address of the form for errors, with the page filled in."""
        fields = {"template": "erratum.yml", "title": f"{title}: ", "page": page}
        return f"{self.url}/issues/new?{urlencode(fields)}" if self.on_github else ""


def find(root: Path = ROOT) -> Repository:
    """Read the addresses from the workflow that runs, from `_config.yml` and from git."""
    configured = settings(root)
    known = configured.get("repository") or {}
    actions = os.environ if os.environ.get("GITHUB_ACTIONS") else {}
    server, name = actions.get("GITHUB_SERVER_URL"), actions.get("GITHUB_REPOSITORY")
    own = (known.get("url") or "").rstrip("/").removesuffix(".git")
    url = f"{server}/{name}" if name else own
    site = ((configured.get("html") or {}).get("baseurl") or "").rstrip("/")
    if own and url.lower() != own.lower():
        site = ""  # the configured site is that of the repository named beside it
    commit = head(root) or actions.get("GITHUB_SHA") or known.get("branch") or "main"
    return Repository(url, commit, site or _pages_site(url, bool(name)), version())


def _pages_site(url: str, in_actions: bool) -> str:
    """Return where GitHub Pages serves what a workflow of this repository deploys."""
    parts = urlsplit(url)
    if not in_actions or parts.hostname != "github.com":
        return ""
    owner, _, name = parts.path.strip("/").lower().partition("/")
    host = f"{owner}.github.io"
    # the path of an address keeps its capitals, the host has none
    return f"https://{host}" + ("" if name == host else f"/{parts.path.rpartition('/')[2]}")


def version() -> str:
    """Return the version that is to be frozen, from `BOOK_VERSION`; nothing for the latest."""
    found = os.environ.get("BOOK_VERSION", "")
    if found and not VERSION.fullmatch(found):
        raise BookError(
            f"BOOK_VERSION is {found!r}: a version looks like v1.0; name one or leave it unset."
        )
    return found


def check_tag(tag: str, root: Path = ROOT) -> None:
    """Compare a tag with the version of the package; BookError if they differ."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    own = "v" + tomllib.loads(text)["project"]["version"]
    if tag != own:
        raise BookError(
            f"The tag is {tag} and pyproject.toml has the version of {own}; "
            "set the version, then tag that commit."
        )
    if version() != tag:
        raise BookError(f"The site was not built as {tag}; set BOOK_VERSION={tag} and build it.")


def settings(root: Path = ROOT) -> dict:
    """Return what `_config.yml` says."""
    path = root / "_config.yml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}) or {}


def head(root: Path) -> str:
    """Return the commit that is checked out, or nothing."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
