# make demo and make test need Python 3.11 or newer and nothing else: each sets up .venv on its first call.
# Another Python: make test PYTHON=/path/to/python3.12. Another folder: make test VENV=/path/to/venv.

FOUND := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$p"; break; fi; done)
PYTHON ?= $(or $(FOUND),python3)
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
OUT ?= runs/demo
# test processes: as many as there are cores, at most 8 (each holds half a gigabyte); 0: none, all in pytest itself.
# The tests of a file stay in one of them (--dist loadfile), for they share runs that are made once.
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo test lint types layers unit golden bench bundle docs notebooks site clean
# what goes wrong half-way leaves no stamp behind
.DELETE_ON_ERROR:

help:
	@echo "make demo    run the shipped demonstration into $(OUT)"
	@echo "make test    ruff, mypy, the order of imports, all tests and examples"
	@echo "make unit    the tests and examples alone; some of them: ARGS=\"tests/book -x\", in one process: WORKERS=0"
	@echo "make golden  write the golden outputs again (a commit of its own that says which rule moved which figure)"
	@echo "make bench   one million loans, timed; needs some minutes and 2 GB"
	@echo "make bundle  a zip of wheels with an installer for Windows without network or admin rights (PYVER=\"3.12\", OUT=dist)"
	@echo "make docs    write the generated pages of docs/ again"
	@echo "make site    docs/ as a site for a browser, into build/site"
	@echo "make notebooks  run the notebooks and write them back with what came out (some of them: ARGS=quickstart)"
	@echo "make clean   remove caches, builds and the set-up; runs/ stays"

$(VENV)/.venv-made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "relending needs Python 3.11 or newer; '$(PYTHON)' is not. 需要 Python 3.11 或更高版本。" >&2; \
	echo "Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "== setting up $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { echo "Python has no venv module; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.venv-made setup.cfg pyproject.toml
	@echo "== installing relending into $(VENV)"
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.venv-made setup.cfg pyproject.toml
	@echo "== installing relending and its test tools into $(VENV)"
	@$(PIP) install --quiet --editable '.[dev]'
	@touch $(VENV)/.installed $@

demo: $(VENV)/.installed
	$(BIN)/relending run demo --out $(OUT) --force
	@echo ""
	@echo "Open $(OUT)/report.html in a browser: how much, at what cost, for how many tonnes, and can it be trusted."
	@echo "用浏览器打开 $(OUT)/report.html，全部结果一页看完。"
	@echo "Statements to publish are in $(OUT)/statements (here drafts: the draws are simulated). More of this run:"
	@echo "  $(BIN)/relending explain $(OUT) SF2022062101     one loan's story, worked by hand in docs/one_loan.md"
	@echo "  $(BIN)/relending plot $(OUT) --list              the pictures there are of it"
	@echo "Next, your own loans: docs/first_ten_minutes.md. 下一步，用本行借据：docs/quickstart_zh.md"

test: lint types layers unit
	@echo "== all passed"

lint: $(VENV)/.installed-dev
	@echo "== ruff: style and likely mistakes"
	@$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	@echo "== mypy: types"
	@$(BIN)/mypy

layers: $(VENV)/.installed-dev
	@echo "== lint-imports: the one-way order of imports"
	@$(BIN)/lint-imports --no-logo

unit: $(VENV)/.installed-dev
	@echo "== pytest: tests, and the examples in docstrings and pages"
	@$(PY) -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile $(ARGS)

golden: $(VENV)/.installed-dev
	$(PY) -m tests.golden.update

bench: $(VENV)/.installed-dev
	$(PY) benchmarks/run.py $(ARGS)

# several versions of Python in one zip: make bundle PYVER="3.12 3.13"
PYVER ?= 3.12
bundle: OUT = dist
bundle: $(VENV)/.installed-dev
	@$(PY) tools/build_bundle.py --python $(PYVER) --out "$(OUT)"

docs: $(VENV)/.installed-dev
	$(PY) tools/build_docs.py

site: $(VENV)/.installed-dev
	@$(PY) -m sphinx -W --keep-going -q -b html -d build/doctrees docs build/site
	@echo "Open build/site/index.html in a browser; it needs no server and no network."

notebooks: $(VENV)/.installed-dev
	$(PY) tools/build_notebooks.py $(ARGS)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis $(VENV)
	find relending tests tools benchmarks scenarios -name __pycache__ -type d -prune -exec rm -rf {} +
