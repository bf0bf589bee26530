"""The forms on GitHub: what its form schema asks of them, and what the site's links rely on."""

import re
from pathlib import Path

import pytest
import yaml

from book.repository import Repository

FORMS = sorted((Path(__file__).parents[1] / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
NEEDED = {  # the attributes that an element of a form cannot be without
    "markdown": {"value"},
    "input": {"label"},
    "textarea": {"label"},
    "dropdown": {"label", "options"},
    "checkboxes": {"label", "options"},
}


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def problems(form: dict) -> list[str]:
    found = [f"{key} is missing" for key in ("name", "description", "body") if not form.get(key)]
    body = form.get("body") or []
    ids = [element.get("id") for element in body if element.get("type") != "markdown"]
    labels = [element["attributes"].get("label") for element in body if element.get("id")]
    found += ["an id is missing, written wrongly or there twice"] * (
        len(set(ids)) < len(ids) or not all(re.fullmatch(r"[\w-]+", name or "") for name in ids)
    )
    found += ["two questions have the same label"] * (len(set(labels)) < len(labels))
    found += ["nothing is asked"] * (not ids)
    for element in body:
        kind, has = element.get("type"), element.get("attributes") or {}
        if kind not in NEEDED or NEEDED[kind] - set(has):
            found.append(f"{element} is no element of a form")
        elif kind == "dropdown" and len(set(has["options"])) < len(has["options"]):
            found.append(f"{element['id']} has the same option twice")
    return found


@pytest.mark.parametrize("path", [p for p in FORMS if p.stem != "config"], ids=lambda p: p.stem)
def test_a_form_is_valid(path):
    assert problems(read(path)) == []


def test_there_are_forms_for_errors_ideas_and_translations():
    assert [path.stem for path in FORMS] == ["config", "erratum", "idea", "translation"]


def test_problems_are_found():
    assert problems({"name": "a", "description": "b", "body": []}) == [
        "body is missing",
        "nothing is asked",
    ]
    element = {"type": "input", "id": "a", "attributes": {"label": "A"}}
    twice = problems({"name": "a", "description": "b", "body": [element, element]})
    assert twice == [
        "an id is missing, written wrongly or there twice",
        "two questions have the same label",
    ]


def test_the_link_on_a_page_fills_in_the_form():
    link = Repository("https://github.com/a/b").report("A title", "https://a.b/page.html")
    assert link == (
        "https://github.com/a/b/issues/new?template=erratum.yml&title=A+title%3A+"
        "&page=https%3A%2F%2Fa.b%2Fpage.html"
    )
    form = next(read(path) for path in FORMS if path.name == "erratum.yml")
    assert "page" in {element.get("id") for element in form["body"]}
