# Language Models from Scratch. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install book test serve sync notebooks nbval course grade translation check bench \
  lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## create .venv and install what requirements.txt pins

$(STAMP): requirements.txt pyproject.toml
	@echo "Installing into $(VENV) (a few minutes the first time) …"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
	  uv pip install --python $(BIN)/python -r requirements.txt && \
	  uv pip install --python $(BIN)/python --quiet --no-deps --editable .; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt && \
	  $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --editable .; \
	fi
	@touch $@

book: $(STAMP) ## execute the chapters and build the site into _build/html
	@$(BIN)/python -m book build $(if $(LOCALE),--language $(LOCALE))

test: book ## build what changed, then run every test
	@$(BIN)/python -m book.browser
	@$(BIN)/python -m pytest -n 3 --dist worksteal

serve: $(STAMP) ## serve the site on this machine and rebuild it on change
	@$(BIN)/python -m book serve

sync: $(STAMP) ## write the text of included code into the chapters
	@$(BIN)/python -m book sync

notebooks: book ## write the chapters as notebooks into _build/notebooks
	@$(BIN)/python -m book notebooks

nbval: notebooks ## execute the readers' notebooks and compare their outputs
	@$(BIN)/python -m book nbval

grade: book ## grade right, empty and wrong answers with both graders; `ONLY=names` takes a chapter
	@$(BIN)/python -m pytest -n 2 -m grade -k '$(ONLY)' tests/book/test_grading.py

course: $(STAMP) ## write a course's first files, and zips of its assignments; PLAN=intensive
	@$(BIN)/python -m book course $(if $(PLAN),--plan $(PLAN))

translation: $(STAMP) ## bring translations in step: `make translation LOCALE=de PAGE=chapters/…`
	@$(BIN)/python -m book translation "$(LOCALE)" $(if $(PAGE),--page $(PAGE))

check: book ## check sources, code style, claims, links and alt text
	@$(BIN)/python -m book check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/actionlint
	@$(BIN)/zizmor --offline --quiet .github
	@$(BIN)/python -m pytest tests/site/test_site.py -k 'links_lead or titles_differ or are_whole or and_back'

bench: book ## compare with named peers, side by side
	@$(BIN)/python -m benchmarks

lock: $(STAMP) ## write requirements.txt anew; `make lock UPGRADE=--upgrade` takes newer versions
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --extra book --no-annotate \
	  --no-header $(UPGRADE) pyproject.toml --output-file requirements.txt
	@printf 'nbgrader\notter-grader\n' | $(BIN)/uv pip compile --quiet --universal \
	  --python-version 3.10 --constraint requirements.txt --no-annotate --no-header $(UPGRADE) - \
	  --output-file tests/book/graders.txt
# a CPU build of torch needs none of these, and a CUDA build brings its own
	@sed -i.bak -E '/^(nvidia|cuda|triton)/d' requirements.txt && rm requirements.txt.bak
	@$(BIN)/python -m book.binder

clean: ## remove what the build made; caches of data and checkpoints stay
	rm -rf _build $(VENV) *.egg-info code/*.egg-info
