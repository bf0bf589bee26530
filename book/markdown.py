"""MyST Markdown → the plain Markdown that notebooks show: GFM, `$math$` and a little safe HTML.

The parser says where directives, roles, targets and links stand; what stands between them is
copied as it is. Whatever has no plain form is a BookError that names file and line.
"""

import base64
import html
import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path

from book import ROOT, BookError, uses, works
from book.chapters import Page, place
from book.labels import Directive, Labels, directive, parser, term_place
from book.plain import anchor, details, escaped, indented, linked, quoted

# what is plain Markdown already
BLOCKS = {
    *("paragraph", "heading", "blockquote", "bullet_list", "ordered_list", "list_item", "hr"),
    *("table", "thead", "tbody", "tr", "th", "td", "html_block", "code_block"),
    *("math_block", "amsmath"),
}
INLINES = {
    *("text", "softbreak", "hardbreak", "em", "strong", "s", "code_inline", "math_inline"),
    *("html_inline", "link", "image"),
}
DEFINITIONS = {"dl_open", "dl_close", "dt_open", "dt_close", "dd_open", "dd_close"}
# what only the site can show
SITE_ONLY = {
    "road": "the map of the book",
    "book-status": "the table of chapters",
    "chapter-list": "the list of chapters",
    "used-by": "the pages that use it",
    "schedule": "the schedule of a course",
    "assignments": "the assignments of a course",
    "workload": "what the chapters cost",
}
BOXES = {"note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "seealso"}
ASIDES = {"admonition", "margin", "sidebar", *BOXES}
PLACE = re.compile(r"(.*?)\s*<([^<>]+)>\s*$", re.S)


@dataclass
class Converter:
    """Turns the prose of one page into plain Markdown and keeps the works that it cites."""

    page: Page
    labels: Labels
    glued: dict  # key → value, as the page's cells handed them over
    root: Path = ROOT
    cited: list[str] = field(default_factory=list)

    def convert(self, text: str, line: int) -> str:
        """Return `text`, whose first line is line `line` of the page, as plain Markdown."""
        starts = [0]
        for row in text.split("\n"):
            starts.append(starts[-1] + len(row) + 1)
        edits, at, term = [], 0, 0
        for token in parser().parse(text):
            span = (starts[token.map[0]], starts[token.map[1]] - 1) if token.map else (at, at)
            where = line + (token.map[0] if token.map else 0)
            with _located(self.page, where, self.root):
                if token.type == "inline":
                    found = self._inline(text, token, max(at, span[0]))
                elif token.type in DEFINITIONS:
                    term = text.find("\n", span[0]) if token.type == "dt_open" else term
                    found = _definition(token.type, text, max(at, span[0]), term)
                else:
                    new = self._block(token, where, text[span[0] : span[1]])
                    found = [] if new is None else [(*span, new)]
            edits += found
            at = max([at, *(end for _, end, _ in found)])
        for start, end, new in reversed(edits):
            text = text[:start] + new + text[end:]
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    # ---- blocks ------------------------------------------------------------------------------

    def _block(self, token, line: int, source: str) -> str | None:
        """Return what stands in a block's place; None where it stays, with what it holds."""
        kind = re.sub(r"_(open|close)$", "", token.type)
        if block := directive(token):
            new = self._directive(block, line)
            return indented(new, source) if token.level else new
        marked = token.attrs and kind in ("paragraph", "heading", "blockquote")
        if kind == "fence" or (kind in BLOCKS and not marked):
            return None
        if kind == "myst_target":
            return anchor(token.content).rstrip() + "\n"
        if kind == "math_block_label":
            return self._equation(token.content, token.info)
        if kind in ("myst_line_comment", "myst_block_break"):
            return ""
        raise BookError(f"a block of the kind {kind} has no plain form in notebooks")

    def _directive(self, block: Directive, line: int) -> str:
        body = self.convert(block.body, line + block.body_line)
        name, options = block.name, block.options
        title = self.convert(block.argument, line)
        if name == "exercise":
            return f"{self._exercise(options)}{': ' if title else ''}{title}\n\n{body}"
        if name == "dropdown" or (name in ASIDES and "dropdown" in str(options.get("class"))):
            return details(title or name.capitalize(), body)
        if name in ASIDES:
            head = title if name in ("admonition", "margin", "sidebar") else name.capitalize()
            return quoted(f"**{head}**\n\n{body}" if head else body)
        if name == "widget":
            return body
        if name in ("code-block", "code"):
            return f"```{block.argument}\n{block.body}\n```"
        if name == "math":
            return self._equation(block.argument + "\n" + block.body, options.get("label"))
        if name in ("figure", "image"):
            return self._image(block, body)
        if name == "table":
            return self.caption(options.get("name"), "Table", title) + f"\n\n{body}"
        if name == "footbibliography":
            return works.listed(list(dict.fromkeys(self.cited)), self.root)
        return self._of_the_back(block, body)

    def _of_the_back(self, block: Directive, body: str) -> str:
        """Return what front and back pages have: glossary, bibliography, parts of the site."""
        name = block.name
        if name == "container":
            return body
        if name == "glossary":
            return self._glossary(block)
        if name == "works-cited":
            return works.listed(sorted(uses.works_cited(self.root)), self.root)
        if name == "literalinclude":
            return self._included(block)
        if name in SITE_ONLY:
            here = linked("the site", self.labels.address(self.page.docname))
            return f"*Here, {here} shows {SITE_ONLY[name]}.*"
        raise BookError(f"the directive {{{name}}} has no plain form in notebooks")

    def _included(self, block: Directive) -> str:
        """Return a file that the page shows, as a block of code."""
        path = (self.page.path.parent / block.argument).resolve()
        if not path.is_file():
            raise BookError(f"there is no file {block.argument}")
        code = path.read_text(encoding="utf-8").rstrip()
        fence = "`" * (1 + max([2, *map(len, re.findall(r"^`+", code, re.M))]))
        caption = block.options.get("caption")
        above = f"**{caption}**\n\n" if caption else ""
        return f"{above}{fence}{block.options.get('language', '')}\n{code}\n{fence}"

    def _glossary(self, block: Directive) -> str:
        """Return the entries of a glossary in its order: terms in bold, then the definition."""
        entries = re.findall(r"((?:^\S.*\n)+)((?:^[ \t]+.*\n|^\n)+)", block.body + "\n\n", re.M)
        if "sorted" in block.options:
            entries.sort(key=lambda entry: entry[0].lower())
        found = []
        for terms, definition in entries:
            names = terms.splitlines()
            places = "".join(f'<a id="{term_place(name)}"></a>' for name in names)
            text = "\n".join(row.strip() for row in definition.splitlines()).strip()
            # errors are located at the directive: an entry has no line of its own
            found.append(f"{places}\n\n**{', '.join(names)}**\n\n{self.convert(text, 0)}")
        return "\n\n".join(found)

    def _exercise(self, options: dict) -> str:
        """Return the beginning of an exercise: a place to link to, and its number."""
        label, bare = options.get("label"), "nonumber" in options
        number = "Exercise" if bare or not label else self.labels[label].text
        return f"{anchor(label)}### {number}"

    def _equation(self, formula: str, label: str | None) -> str:
        tag = f"\n\\tag{{{self.labels[label].number}}}" if label else ""
        return f"{anchor(label)}$$\n{formula.strip()}{tag}\n$$"

    def _image(self, block: Directive, caption: str) -> str:
        name = block.options.get("name")
        below = f"\n\n{self.caption(name, 'Figure', caption)}" if caption or name else ""
        return f"![{block.options.get('alt', '')}]({self._embedded(block.argument)}){below}"

    def caption(self, name: str | None, kind: str, text: str) -> str:
        """Return a caption with its number; a place to link to if it has a name."""
        return f"{anchor(name)}**{self.labels[name].text if name else kind}.** {text}"

    def _embedded(self, source: str) -> str:
        """Return an image file as a data address, so that the notebook holds it."""
        if "://" in source or source.startswith("data:"):
            return source
        folder = self.root if source.startswith("/") else self.page.path.parent
        path = folder / source.lstrip("/")
        if not path.is_file():
            raise BookError(f"there is no image {source}")
        kind = mimetypes.guess_type(path.name)[0]
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

    # ---- within a line -----------------------------------------------------------------------

    def _inline(self, text: str, token, at: int) -> list[tuple[int, int, str]]:
        """Return the replacements within a paragraph: (start, end, new)."""
        found, opened = [], []
        for child in token.children or []:
            kind = re.sub(r"_(open|close)$", "", child.type)
            if kind == "myst_role":
                start, end = _find(_role(child), text, at)
                found.append((start, end, self.role(child.meta["name"], child.content)))
            elif kind not in INLINES or set(child.attrs) - {"href", "src", "title", "alt"}:
                raise BookError(f"text of the kind {kind} has no plain form in notebooks")
            elif kind in ("code_inline", "math_inline"):
                _, end = _find(_loose(child.content), text, at)
            elif kind == "link" and child.markup != "autolink":
                opened, (new, end) = self._link(text, at, child, opened)
                found += new
            elif kind == "image":
                start, end = _find(_destination(child.attrs["src"]), text, at)
                found.append((start, end, f"]({self._embedded(child.attrs['src'])}"))
            else:
                continue
            at = end
        return found

    def _link(self, text: str, at: int, child, opened: list):
        """Read the beginning or the end of a link; the destination is known at its beginning."""
        if child.type == "link_open":
            return [(at, child.attrs["href"])], ([], at)
        start, target = opened[0]
        if re.match(r"[a-z]+:", target):
            return [], ([], at)
        first, last = _find(_destination(target), text, at)
        bracket = text.rindex("[", start, at if at > start else first)
        words = "" if text[bracket + 1 : first].strip() else self.labels[target.lstrip("#")].text
        if address := self._target(target):
            return [], ([(first, last, f"{words}]({address}")], last)
        # a place that only the site has: the words stay, without a link
        _, last = _find(re.compile(r"[^)]*\)"), text, last)
        return [], ([(bracket, bracket + 1, ""), (first, last, words)], last)

    def _target(self, target: str) -> str:
        """Return the address that a link leads to, or nothing where it cannot lead anywhere."""
        if re.match(r"[a-z]+:", target):
            return target
        name = target.lstrip("#")
        label = self.labels[name]
        if label.docname == self.page.docname:
            return f"#{name}"
        return self.labels.leads_to(name)

    def role(self, name: str, content: str) -> str:
        """Return what stands in the place of a role."""
        match = PLACE.match(content)
        words, target = (match[1], match[2]) if match else ("", content.strip())
        if name in ("glue:text", "glue"):
            return escaped(self.value(content))
        if name == "term":
            return linked(words or target, self._term(target))
        if name in ("ref", "numref", "eq"):
            return self._reference(words, target)
        if name == "doc":
            docname = target.lstrip("/")
            return linked(words or self.labels.titles[docname], self.labels.page_address(docname))
        if re.fullmatch(r"(foot)?cite:[pt]s?", name):
            keys = [key.strip() for key in content.split(",")]
            self.cited += keys
            return works.cite(keys, name.partition(":")[2], self.root)
        if name == "first-chapter":
            return words or content
        if name == "math":
            return f"${content}$"
        if name in ("sub", "sup", "kbd", "abbr"):
            return f"<{name}>{html.escape(content)}</{name}>"
        raise BookError(f"the role {{{name}}} has no plain form in notebooks")

    def _term(self, term: str) -> str:
        """Return the address of a term's definition."""
        here = self.labels.terms.get(term.lower()) == self.page.docname
        return f"#{term_place(term)}" if here else self.labels.term_address(term)

    def _reference(self, words: str, target: str) -> str:
        label = self.labels[target]
        numbered = re.search(r"%s|\{number\}", words)
        text = words if words and not (numbered and label.left_out) else label.text
        text = re.sub(r"%s|\{number\}", label.number, text)
        return linked(text, self._target(target))

    def value(self, content: str) -> str:
        """Return a glued value in the form that a role `key:format` asks for."""
        key, _, form = content.strip().partition(":")
        if key not in self.glued:
            raise BookError(f"no cell of the page glues {key!r}")
        return format(self.glued[key], form)


def _definition(kind: str, text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """Return the edits that set a term in bold and its definition below it as a paragraph.

    `start` is where the block may begin, `end` where the line of the present term ends.
    """
    if kind == "dt_open":
        return [(start, start, "**")]
    if kind == "dt_close":
        return [(end, end, "**\n")]
    # the parser gives a definition the lines of its term, too: the marker says where it begins
    marker = re.compile(r"^[ \t]*[:~][ \t]+", re.M).search(text, start)
    return [(marker.start(), marker.end(), "")] if kind == "dd_open" and marker else []


def _role(child) -> re.Pattern:
    """Match the source of a role; its content may go over a line, also within a quotation."""
    name = re.escape(child.meta["name"])
    return re.compile(rf"\{{{name}\}}(`+)\s*{_loose(child.content).pattern}\s*\1")


def _destination(target: str) -> re.Pattern:
    return re.compile(r"\]\(\s*<?" + re.escape(target))


def _find(pattern: re.Pattern, text: str, at: int) -> tuple[int, int]:
    """Return where a pattern stands next; BookError if the source does not have it."""
    found = pattern.search(text, at)
    if found is None:
        raise BookError("this line is written in a way that notebooks cannot follow")
    return found.start(), found.end()


def _loose(content: str) -> re.Pattern:
    return re.compile(r"(?:\s|>)+".join(re.escape(word) for word in re.split(r"\s+", content)))


class _located:
    """Puts file and line before the message of a BookError that is raised within."""

    def __init__(self, page: Page, line: int, root: Path):
        self.where = place(page.path, line, root)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, BookError) and not getattr(error, "located", False):
            located = BookError(f"{self.where}: {error}.")
            located.located = True
            raise located from error
