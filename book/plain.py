"""Small pieces of plain Markdown, and the search for MyST that is left in it."""

import ast
import html
import re

CODE = re.compile(r"^(`{3,}|~{3,})(?!\{).*?^\1`*\s*$|(`+)(?!`).+?(?<!`)\2(?!`)", re.S | re.M)
LEFT_OVER = re.compile(r"\{[a-zA-Z][\w:-]*\}`|^\s*(?:`{3,}|:{3,})\{|^\([\w-]+\)=\s*$|^:{3,}", re.M)


def glued_values(outputs) -> dict:
    """Return what the cells of a page glued: numbers and strings as they were."""
    found = {}
    for output in outputs:
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        text = output.get("data", {}).get("application/papermill.record/text/plain")
        if name and text is not None:
            try:
                found[name] = ast.literal_eval(text)
            except (ValueError, SyntaxError):
                found[name] = text
    return found


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>|$~])", r"\\\1", text)


def anchor(name: str | None) -> str:
    """Return a place that a link can lead to, or nothing for a thing without a name."""
    return f'<a id="{name}"></a>\n\n' if name else ""


def linked(text: str, address: str) -> str:
    return f"[{text}]({address})" if address else text


def quoted(text: str) -> str:
    return "\n".join(f"> {row}".rstrip() for row in text.splitlines())


def details(summary: str, body: str) -> str:
    """Return a fold that notebooks open at a click; the blank lines let it hold Markdown."""
    return f"<details>\n<summary>{html.escape(summary)}</summary>\n\n{body}\n\n</details>"


def left_over(text: str) -> str | None:
    """Return the first piece of MyST in plain Markdown, outside of code; None if there is none."""
    found = LEFT_OVER.search(CODE.sub("", text))
    return found[0] if found else None


def indented(text: str, source: str) -> str:
    """Give every line the marks of the list or quotation that `source` stands in."""
    marks = re.match(r"[\s>]*", source)[0]
    return "\n".join(marks + row for row in text.splitlines())
