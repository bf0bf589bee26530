"""The small chapter "one" of the tests, which differs in its text alone."""

FRONT = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
book:
  budget: 5
  prerequisites: []
---
(one)=
"""


def chapter(text: str) -> str:
    """Return the source of a chapter with the slug `one` and this text."""
    return FRONT + text
