"""Notebooks: no MyST is left, students get no solutions, every construct has a plain form."""

import importlib.util
import re

import nbformat
import pytest
from nbclient import NotebookClient
from rich.console import Console

from book import ROOT, BookError, answers, execution, notebooks
from book.__main__ import main
from book.build import BUILD
from book.chapters import pages
from book.labels import Labels
from book.launcher import setup_code
from book.markdown import Converter
from book.plain import left_over
from tests.book.samples import chapter

PLOT = """\
from IPython.display import Image, display
display({"image/png": "aGk=", "text/plain": "a plot"}, raw=True)"""

CHAPTER = chapter("""\
# One {term}`word <term>`

{footcite:t}`shannon1951` and {footcite:p}`shannon1948,
shannon1951` say {glue:text}`one-loss:.2f`, and *{glue:text}`one-star`*.

> Quoted {term}`over two
> lines <target>` and `{glue:text}` in code.

```{code-cell} python3
:tags: [hide-input]

import math
from scratchlm.checks import check
from scratchlm.notebook import glue
from scratchlm.small import apply_twice
```

```{code-cell} python3
:from: scratchlm.small:double

def double(x):
    return 2 * x
```

(second)=
## Second section

See [above](#one), [](#second), {ref}`second`, {numref}`fig-one`, {numref}`Fig. %s <fig-one>`,
{ref}`the other <two>`, [two](#two), {eq}`law`, {doc}`/index`, <https://example.org> and
[a site](https://example.org/a_(b)).

$$
a = b
$$ (law)

```{math}
:label: other-law
c = d
```

% a comment

| glued | plain |
|--:|:--|
| {glue:text}`one-loss:.1f` | `code` |

:::{note}
A note with {glue:text}`one-loss:.3f`.
:::

- an item

  ```{admonition} A title
  :class: tip
  Inside a list.
  ```

```{admonition} Folded
:class: dropdown
Hidden text.
```

```{code-cell} python3
---
tags: [hide-input]
mystnb:
  figure:
    name: fig-one
    caption: |
      A caption with {glue:text}`one-loss:.2f`.
  image:
    alt: What one sees.
---
PLOT
```

```{code-cell} python3
:tags: [remove-cell, claim]

assert apply_twice(3) == 12
glue("one-loss", math.pi)
glue("one-star", "a*b")
glue("one-data", {"contexts": []})
```

```{widget} temperature-lab
:data: one-data
:file: one-data
:alt: Bars.

The fallback says {glue:text}`one-loss:.2f`.
```

```{code-block} python
:linenos:
x = 1
```

````{exercise} Double it
:label: one-double

Write `answer`, then check it.
````

````{solution-start} one-double
:label: one-double-solution
:class: dropdown
````

Secret words {footcite:p}`markov2006` explain it.

```{code-cell} python3
:tags: [answer]

# BEGIN SOLUTION
answer = 40 + 2
helper = [n for n in range(3)]
# END SOLUTION
print(answer)
check("one-double", answer)
```

```{code-cell} python3
:tags: [remove-cell, hidden-test]

assert answer % 7 == 0, "a secret test"
```

More secret words.

````{solution-end}
````

````{exercise} Explain it
:label: one-why
:class: essay
:points: 3

Why twice?
````

````{solution-start} one-why
:label: one-why-solution
:class: dropdown
````

A secret reason.

````{solution-end}
````

```{code-cell} python3
:tags: [remove-cell, claim]

tried = "a secret trial"
assert tried
```

```{code-cell} python3
:tags: [remove-cell]

glue("one-tried", "secret numbers")
```

Prose.

```{code-cell} python3
:tags: [remove-cell]

glue("one-open", "in the open")
```

## References

```{footbibliography}
```
""").replace("PLOT", PLOT)

SMALL = '''\
"""A module."""


def double(x):
    return 2 * x


def apply_twice(x):
    return double(double(x))
'''


@pytest.fixture
def book(tree):
    """A small book, executed. The kernel runs the real package; `scratchlm.small` is made there."""
    bib = "@article{%s, author={Shannon, Claude E.}, title={T}, journal={J}, year={%s}}\n"
    keys = ("shannon1948", "shannon1951", "markov2006")
    tree.write("book/references.bib", "".join(bib % (key, key[-4:]) for key in keys))
    tree.write("code/scratchlm/data_lock.json", "{}")
    make = "import sys, types\nsmall = types.ModuleType('scratchlm.small')\n"
    make += (
        f"import scratchlm.checks\nscratchlm.checks.__path__.append({str(tree.root / 'more')!r})\n"
    )
    tree.write(
        "more/one.py", "def one_double(answer):\n    return None if answer == 42 else 'No.'\n"
    )
    make += f"exec({SMALL!r}, small.__dict__)\nsys.modules['scratchlm.small'] = small\n"
    tree.write("chapters/part/one.md", CHAPTER.replace("import math\n", make + "import math\n"))
    tree.write("chapters/part/two.md", "(two)=\n# Two\n")
    toc = tree.read("_toc.yml") + "  - file: chapters/part/two\n"
    tree.write("_toc.yml", toc.replace("- caption: P\n", "- caption: P\n  numbered: 1\n"))
    return tree


@pytest.fixture
def editions(book):
    execution.execute(book.root, Console(quiet=True))
    notebooks.write(book.root)
    return {
        edition.name: nbformat.read(path(book, edition.name), as_version=4)
        for edition in notebooks.EDITIONS
    }


def path(book, edition):
    return book.root / notebooks.OUT / edition / "part" / "one.ipynb"


def prose(nb):
    return "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")


def code(nb):
    return "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")


def convert(book, text):
    page = next(page for page in pages(book.root) if page.slug == "one")
    return Converter(page, Labels(book.root), {"key": 1}, book.root).convert(text, 7)


def test_every_construct_has_a_plain_form(editions):
    for nb in editions.values():
        nbformat.validate(nb)
        assert (nb.nbformat, nb.nbformat_minor) == (4, 5)
        for cell in nb.cells:
            assert cell.cell_type == "code" or left_over(cell.source) is None
    text = prose(editions["reader"])
    for expected in (
        '<a id="one"></a>\n\n# One word',
        "Shannon (1951) and (Shannon, 1948; Shannon, 1951) say 3.14, and *a\\*b*.",
        "> Quoted over two lines and `{glue:text}` in code.",
        "[above](#one), [Second section](#second), [Second section](#second)",
        "[Figure 1.1](#fig-one), [Fig. 1.1](#fig-one)",
        "the other, two, [(1.1)](#law), Book",
        "[a site](https://example.org/a_(b))",
        '<a id="law"></a>\n\n$$\na = b\n\\tag{1.1}\n$$',
        "$$\nc = d\n\\tag{1.2}\n$$",
        "| 3.1 | `code` |",
        "> **Note**\n>\n> A note with 3.142.",
        "  > **A title**\n  >\n  > Inside a list.",
        "<summary>Folded</summary>\n\nHidden text.",
        '<a id="fig-one"></a>\n\n**Figure 1.1.** A caption with 3.14.',
        "The fallback says 3.14.",
        "```python\nx = 1\n```",
        '<a id="one-double"></a>\n\n### Exercise 1.1: Double it',
        "<summary>Solution to Exercise 1.1</summary>\n\nSecret words (Shannon, 2006)",
        "<summary>Solution to Exercise 1.1, continued</summary>\n\nMore secret words.",
        "- Claude E. Shannon. T. *J*, 1951.\n- Claude E. Shannon. T. *J*, 1948.",
    ):
        assert expected in text, expected
    assert "a comment" not in text


def test_readers_get_outputs_and_folded_cells(editions):
    cells = [cell for cell in editions["reader"].cells if cell.cell_type == "code"]
    by_tag = {tag: cell for cell in cells for tag in cell.metadata.get("tags", [])}
    assert by_tag["answer"].outputs[0].text == "42\n"
    assert by_tag["answer"].metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
    assert "SOLUTION" not in by_tag["answer"].source
    assert by_tag["claim"].metadata["jupyter"] == {"source_hidden": True}
    assert not by_tag["claim"].outputs  # what it glues stands in the text
    figure = next(cell for cell in cells if "Code of Figure 1.1" in cell.source)
    assert figure.outputs[0].metadata["image/png"] == {"alt": "What one sees."}
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell.source.startswith("# from scratchlm.small\ndef double") for cell in cells)


def test_students_get_no_solutions(editions):
    nb = editions["student"]
    everything = prose(nb) + code(nb)
    for secret in (
        "ecret words",
        "secret test",
        "secret reason",
        "secret trial",
        "secret numbers",
        "40 + 2",
        "helper =",
        "SOLUTION",
        "Solution",
        "2006",
    ):
        assert secret not in everything
    assert "in the open" in everything
    blank = next(cell for cell in nb.cells if "answer" in cell.metadata.get("tags", []))
    assert 'answer = ...\nprint(answer)\ncheck("one-double", answer)' in blank.source
    assert blank.source.startswith("# Your answer to Exercise 1.1")
    assert not blank.outputs and blank.execution_count is None


def test_readers_and_students_have_a_place_for_an_essay_and_no_hidden_test(editions):
    for name in ("reader", "student"):
        sources = [cell.source for cell in editions[name].cells]
        statement = next(i for i, text in enumerate(sources) if "Why twice?" in text)
        assert sources[statement + 1] == "# Your trials for Exercise 1.2, if you make any"
        assert sources[statement + 2].startswith("*Your answer to Exercise 1.2:")
        assert "secret test" not in "".join(sources)
    assert "A secret reason." in prose(editions["reader"])
    assert "a secret trial" in code(editions["reader"])
    for name in ("nbgrader", "otter"):
        assert "secret trial" not in code(editions[name])
    assert "Your answer" not in prose(editions["instructor"])


def test_instructors_get_everything_in_the_open(editions):
    nb = editions["instructor"]
    answer = next(cell for cell in nb.cells if "answer" in cell.metadata.get("tags", []))
    assert "# BEGIN SOLUTION\nanswer = 40 + 2" in answer.source and answer.outputs
    assert "jupyter" not in answer.metadata
    assert "**Solution to Exercise 1.1**\n\nSecret words" in prose(nb)
    assert "# Hidden test of Exercise 1.1: only graders see it\nassert answer" in code(nb)
    assert "a secret trial" in code(nb)


def test_student_notebook_runs_from_top_to_bottom(editions, tmp_path):
    nb = editions["student"]
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(nb, timeout=120, resources=resources).execute()
    blank = next(cell for cell in nb.cells if "answer" in cell.metadata.get("tags", []))
    assert blank.outputs[0].text == "Ellipsis\n"
    kinds = {
        kind for cell in nb.cells for o in cell.get("outputs", []) for kind in o.get("data", {})
    }
    assert not any("papermill" in kind for kind in kinds)
    assert "application/vnd.jupyter.widget-view+json" in kinds
    assert ", file='one-data')" in code(nb)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("{unheard}`of`", "the role {unheard} has no plain form in notebooks"),
        ("text\n\n```{unheard}\n```", "the directive {unheard} has no plain form in notebooks"),
        ("a [^note]\n\n[^note]: text", "has no plain form"),
        ("[words]{.class}", "text of the kind span has no plain form"),
        ("{.class}\nparagraph", "a block of the kind paragraph has no plain form"),
        ("{ref}`nowhere`", "nothing is labelled 'nowhere'"),
        ("[text](#nowhere)", "nothing is labelled 'nowhere'"),
        ("{glue:text}`unglued`", "no cell of the page glues 'unglued'"),
        ("{footcite:t}`nobody`", "book/references.bib has no entry 'nobody'"),
        ("![x](missing.png)", "there is no image missing.png"),
    ],
)
def test_what_has_no_plain_form_is_said_with_its_place(book, text, complaint):
    with pytest.raises(BookError) as error:
        convert(book, text)
    assert complaint in str(error.value)
    assert re.match(r"\S*chapters/part/one\.md:\d+: ", str(error.value))
    assert str(error.value).count("\n") == 0


def test_images_are_part_of_the_notebook(book):
    book.write("chapters/part/a.svg", "<svg/>")
    assert convert(book, "![words](a.svg)") == "![words](data:image/svg+xml;base64,PHN2Zy8+)"


def test_links_to_other_pages_are_absolute_where_the_site_has_an_address(book):
    book.write("_config.yml", "html: {baseurl: 'https://example.org/book/'}\n")
    assert convert(book, "[x](#two)") == "[x](https://example.org/book/chapters/part/two.html#two)"
    assert (
        convert(book, "{ref}`two`") == "[Two](https://example.org/book/chapters/part/two.html#two)"
    )
    assert "glossary.html#term-word" in convert(book, "{term}`words <word>`")


def test_setup_cell_installs_from_the_repository(book, monkeypatch):
    assert Labels(book.root).package() == ""
    book.write("_config.yml", "repository: {url: 'https://git.example.org/a/b', branch: dev}\n")
    assert Labels(book.root).package() == "git+https://git.example.org/a/b@dev"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/fork")
    monkeypatch.setenv("GITHUB_SHA", "abc")
    assert Labels(book.root).package() == "https://github.com/someone/fork/archive/abc.zip"


@pytest.fixture
def bare(monkeypatch):
    """A Python that has everything but scratchlm and tqdm; returns what is run instead of pip."""
    commands, real = [], importlib.util.find_spec
    lacking = {"scratchlm", "tqdm"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n in lacking else real(n))
    monkeypatch.setattr("book.repository.head", lambda root: "")
    monkeypatch.setattr("subprocess.run", lambda command, **_: commands.append(command))
    monkeypatch.setattr("scratchlm.notebook.begin", lambda: None)
    return commands


def test_setup_cell_installs_what_is_missing_and_leaves_torch_alone(book, bare, capsys):
    book.write("_config.yml", "repository: {url: 'https://git.example.org/a/b', branch: dev}\n")
    book.write("pyproject.toml", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    exec(setup_code(Labels(book.root), book.root), {})
    source = "git+https://git.example.org/a/b@dev"
    assert [command[5:] for command in bare] == [
        ["--disable-pip-version-check", "tqdm"],
        ["--disable-pip-version-check", "--no-deps", source],
    ]
    assert capsys.readouterr().out == f"Installed scratchlm from {source}, tqdm.\n"


def test_setup_cell_without_a_repository_says_how_to_install(book, bare):
    with pytest.raises(ModuleNotFoundError, match="does not know the book's repository: run"):
        exec(setup_code(Labels(book.root), book.root), {})
    assert bare == []


def test_a_chapter_that_has_not_run_is_one_sentence(book):
    with pytest.raises(BookError, match=r"^chapters/part/one\.md has not run as it stands; run"):
        notebooks.write(book.root)


def test_nbval_wants_notebooks_with_outputs(book, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["book", "--root", str(book.root), "nbval"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == "There are no notebooks to run; run `make notebooks` first.\n"
    path(book, "reader").parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[]), path(book, "reader"))
    with pytest.raises(SystemExit):
        main()
    assert "one.ipynb has no outputs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "solution, rest, expected",
    [
        ("x = 1", "check('a', x)", "x = ..."),
        ("a, b = 1, 2", "check('a', b, a)", "a = ...\nb = ..."),
        ("def f(x, *, y=2):\n    return x", "f", "def f(x, *, y=2):\n    ..."),
        ("class A(B):\n    def m(self): pass", "A", "class A(B):\n    ..."),
        ("for i in range(3):\n    z = [k for k in i]", "check(z)", "z = ..."),
        ("print(1)", "", "..."),
    ],
)
def test_placeholders_keep_the_names_in_use(solution, rest, expected):
    code = f"# BEGIN SOLUTION\n{solution}\n# END SOLUTION\n{rest}"
    assert answers.blanked(code) == f"{expected}\n{rest}".rstrip()


def test_a_cell_that_needs_a_solution_is_reported(book):
    text = book.read("chapters/part/one.md")
    later = "```{code-cell} python3\nprint(helper)\n```\n\n## References"
    book.write("chapters/part/one.md", text.replace("## References", later))
    page = next(page for page in pages(book.root) if page.slug == "one")
    with pytest.raises(BookError, match="this cell uses helper, which the solution in line"):
        answers.check_use(page, book.root)


def test_a_cell_that_needs_what_a_solution_is_worked_out_by_is_reported(book):
    text = book.read("chapters/part/one.md")
    later = "```{code-cell} python3\nprint(tried)\n```\n\n## References"
    book.write("chapters/part/one.md", text.replace("## References", later))
    page = next(page for page in pages(book.root) if page.slug == "one")
    with pytest.raises(BookError, match="this cell uses tried, which the solution in line"):
        answers.check_use(page, book.root)


def test_a_cell_that_needs_a_hidden_test_is_reported(book):
    text = book.read("chapters/part/one.md").replace("assert answer %", "rest = 7\nassert answer %")
    later = "```{code-cell} python3\nprint(rest)\n```\n\n## References"
    book.write("chapters/part/one.md", text.replace("## References", later))
    page = next(page for page in pages(book.root) if page.slug == "one")
    with pytest.raises(BookError, match="this cell uses rest, which the hidden test in line"):
        answers.check_use(page, book.root)


# ---- the book's own chapters --------------------------------------------------------------------


@pytest.fixture(scope="module")
def chapters():
    """The chapters with their notebooks, written from what has been executed."""
    if not (ROOT / BUILD).is_dir():
        pytest.skip("the book has not been built: run `make book`")
    made = notebooks.make(ROOT)
    return {
        page.docname: {
            edition.name: made[notebooks.place_of(page, edition, ROOT)]
            for edition in notebooks.EDITIONS
        }
        for page in notebooks.chapters(ROOT)
        if page.of_the_book
    }


def test_no_raw_myst_in_the_book(chapters):
    for editions in chapters.values():
        for nb in editions.values():
            nbformat.validate(nb)
            for cell in (cell for cell in nb.cells if cell.cell_type == "markdown"):
                words = re.sub(r"`[^`\n]+`", "", cell.source)
                assert not re.search(r"\{[\w:-]+\}`|:::|```\{|^\([\w-]+\)=", words, re.M), words


def test_no_line_of_a_solution_in_student_notebooks(chapters):
    fences = re.compile(r"^`{4}\{solution-start\}.*?^`{4}\{solution-end\}\n`{4}", re.S | re.M)
    for docname, editions in chapters.items():
        text = (ROOT / f"{docname}.md").read_text(encoding="utf-8")
        solutions, elsewhere = "\n".join(fences.findall(text)), fences.sub("", text)
        assert solutions.count("BEGIN SOLUTION") == text.count("BEGIN SOLUTION")
        shown = prose(editions["student"]) + code(editions["student"])
        for line in {line.strip() for line in solutions.splitlines()}:
            heads = (
                r"(def|class) .*:$|check\(|[`:#]|$"  # a stub keeps its head, and the check stays
            )
            if not re.match(heads, line) and line not in elsewhere:
                assert line not in shown, line


def test_student_notebooks_parse_and_blank_answers_get_a_sentence(chapters):
    import torch

    from scratchlm.checks import Verdict, check

    for editions in chapters.values():
        cells = [cell for cell in editions["student"].cells if cell.cell_type == "code"]
        for cell in cells:
            compile(cell.source, "cell", "exec")
        for cell in (cell for cell in cells if "answer" in cell.metadata.get("tags", [])):
            verdicts = []
            names = {"nn": torch.nn, "check": lambda *a, v=verdicts: v.append(check(*a))}
            exec(cell.source, names)
            assert isinstance(verdicts[0], Verdict) and not verdicts[0]
