"""Translations: the sentences of a page beside their translations, kept in step with the source.

A catalog (`translations/<language>/LC_MESSAGES/<page>.po`) has one entry a paragraph. `update`
brings it in step: new paragraphs come without a translation, changed ones are marked `fuzzy`. Both
show the source text when the book is built in that language, so a page is never wrong, at most
partly in the language of the source.
"""

import itertools
import shutil
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import yaml
from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po
from rich.console import Console

from book import ROOT, BookError, build, downloads, execution, inclusion
from book.chapters import pages
from book.repository import settings

FOLDER = Path("translations")
COMMENT = "# {page} in {language}. How to work on it: chapters/appendices/translations.md\n"
HEAD = """\
{comment}msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

"""


@dataclass(frozen=True)
class Progress:
    """How far the translation of a page is, in entries of its catalog."""

    page: str
    translated: int
    changed: int  # marked `fuzzy`: translated from a source text that is not that any more
    entries: int

    def __str__(self):
        stale = f", {self.changed} to look at again" if self.changed else ""
        return f"{self.page}: {self.translated} of {self.entries} translated{stale}"


def catalogs(language: str, root: Path = ROOT) -> Path:
    """Return the folder of a language's catalogs; BookError for a code that is no language."""
    try:
        Locale.parse(language)
    except (UnknownLocaleError, ValueError) as error:
        raise BookError(
            f"{language!r} is no code of a language; write it like de or pt_BR."
        ) from error
    return root / FOLDER / language / "LC_MESSAGES"


def update(language: str, page: str = "", root: Path = ROOT) -> list[Progress]:
    """Bring the catalogs of a language in step with the sources; begin that of `page`."""
    folder = catalogs(language, root)
    files = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.po")}
    page = page.removesuffix(".md")
    if page and page not in {found.docname for found in pages(root)}:
        raise BookError(f"_toc.yml names no page {page}; name one like chapters/front/setup.")
    if not files and not page:
        raise BookError(f"There is no translation to {language}; begin one with PAGE=<page>.")
    templates = extract(language, root)
    found = []
    for name in sorted(files | ({page} - {""})):
        template = templates / f"{name}.pot"
        if not template.is_file():
            raise BookError(f"{folder / name}.po translates no page of the book; remove the file.")
        found.append(_update(folder / f"{name}.po", template, name, language))
    return found


def _update(path: Path, template: Path, page: str, language: str) -> Progress:
    """Bring one catalog in step with its template."""
    kept = _read(path, language) if path.is_file() else Catalog(language)
    kept.update(_read(template, language))
    for message in kept:  # a role's braces are no placeholders of Python
        message.flags -= {"python-format", "python-brace-format"}
    text = BytesIO()
    write_po(text, kept, width=100, no_location=True, omit_header=True)
    head = HEAD.format(comment=_comment(path, page, language), code=language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + text.getvalue().decode().lstrip("\n"), encoding="utf-8")
    entries = [message for message in kept if message.id]
    fuzzy = sum(message.fuzzy for message in entries)
    done = sum(bool(message.string) and not message.fuzzy for message in entries)
    return Progress(page, done, fuzzy, len(entries))


def _comment(path: Path, page: str, language: str) -> str:
    """Return what stands at the top of a catalog, where translators note their choices of words."""
    lines = path.read_text(encoding="utf-8").splitlines(True) if path.is_file() else []
    kept = "".join(itertools.takewhile(lambda line: line.startswith("# "), lines))
    name = Locale.parse(language).get_language_name("en")
    return kept or COMMENT.format(page=page, language=name)


def _read(path: Path, language: str) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise BookError(f"{path} is not a valid catalog: {error}.") from error


def extract(language: str, root: Path = ROOT) -> Path:
    """Write the paragraphs of every page into templates; return their folder."""
    execution.execute(root, Console(quiet=True))
    out = root / build.BUILD / "gettext"
    options = ["--builder", "custom", "--custom-builder", "gettext", "--path-output", str(out)]
    build.write_site(root, Console(quiet=True), [*_config(language, root), *options])
    return out / "_build" / "gettext"


def site(language: str, root: Path = ROOT, console: Console | None = None) -> Path:
    """Build the book in a language, warnings as errors; return the folder of the site."""
    console, out = console or Console(), root / build.BUILD / language
    if not any(catalogs(language, root).rglob("*.po")):
        raise BookError(f"There is no translation to {language}; begin one: make translation.")
    with build.locked(root, console):
        if problems := inclusion.problems(root):
            raise BookError("\n".join(problems))
        execution.execute(root, console)
        shutil.rmtree(out, ignore_errors=True)
        options = [*_config(language, root), "--path-output", str(out)]
        build.write_site(root, console, options)
        found = out / "_build" / "html"
        downloads.write(found / downloads.FOLDER, root)
    return found


def _config(language: str, root: Path) -> list[str]:
    """Write the stock builder's settings with the language in them; return the option for it."""
    config = settings(root)
    sphinx = config.setdefault("sphinx", {}).setdefault("config", {})
    sphinx |= {"language": language, "locale_dirs": [str(root / FOLDER)], "gettext_compact": False}
    config["sphinx"]["config"] = sphinx
    path = root / build.BUILD / f"config-{language}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return ["--config", str(path)]
