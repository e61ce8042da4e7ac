# The targets need python3 with pip, and make. With npm, the tests include feed readers written in JavaScript.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
CONTENT ?= content
# Number of test processes. It is larger than the number of cores, because many tests wait for a server or a program. On two cores,
# three and six took longer than four (14:20 and 15:13 instead of 13:41 minutes): with three, the cores are idle at times, and each
# process needs 13 s of processor time to collect the tests and to start servers and a browser of its own.
JOBS ?= 4

# Tests start a thousand servers and commands. Without cached bytecode, each of them would compile every module.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
RUN := $(VENV)/bin/python
# Some Pythons have no ensurepip, so the pip of PYTHON installs into the environment.
INSTALL = $(PYTHON) -m pip --python $(RUN) install --quiet --disable-pip-version-check
# A lock file lists every package, so --no-deps disables the resolver. Some versions of pip would otherwise choose a newer release of
# a package that another one requires with an extra, and then reject it because it is not in the file.
LOCKED = $(INSTALL) --no-deps --require-hashes

# For a dependency group. pip knows them from 25.1 on, and that of PYTHON may be older.
GROUP = $(INSTALL) 'pip>=25.1' && $(RUN) -m pip install --quiet --disable-pip-version-check --group

# Neighbouring tests run in one process and share fixtures, until an idle process takes some of them.
PARALLEL := -n $(JOBS) --dist worksteal
NO_TESTS := 5  # pytest's exit status if ARGS select no test
# Only these files are read for the tests that depend on time, unless ARGS names others.
TIMED = $(if $(findstring tests/,$(ARGS)),,$(shell grep -rl --include='test_*.py' mark.timing tests))

.PHONY: help serve test test-fast check coverage bench bench-quick fuzz audit dist lock clean

help: ## List the targets; so does make without one
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' Makefile

serve: $(VENV)/serve.done ## Serve the sample content at http://127.0.0.1:8000/
	$(VENV)/bin/feedsvc serve $(CONTENT) --host $(HOST) --port $(PORT) --base-url http://$(HOST):$(PORT)

# After failed tests, those run once more, one at a time, and decide.
RERUN := { status=$$?; [ $$status -eq $(NO_TESTS) ] || { [ $$status -eq 1 ] && $(RUN) -m tests.rerun; }; }

test: $(VENV)/test.done readers ## Run every test, in JOBS processes; a few that fail run once more, one at a time
	rm -f .pytest_cache/v/cache/lastfailed
	$(RUN) -m pytest $(PARALLEL) -m "not timing" $(ARGS) || $(RERUN)
	rm -f .pytest_cache/v/cache/lastfailed
	$(RUN) -m pytest -n 3 --dist worksteal -m timing $(ARGS) $(TIMED) || $(RERUN)

# Unit tests without servers, browsers and other programs.
FAST := tests/test_*.py $(addprefix tests/,content feeds discovery language catalog publication validators)
test-fast: $(VENV)/test.done ## Run the fast unit tests, in a minute or two
	$(RUN) -m pytest -q $(PARALLEL) -m "not timing and not slow" $(FAST) $(ARGS)

check: $(VENV)/test.done ## Check style, types, the direction of imports and the language of docstrings
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q -p no:randomly tests/test_architecture.py tests/test_plain_language.py

coverage: $(VENV)/test.done readers ## Run every test and count branches
	$(RUN) -m pytest $(PARALLEL) --cov --cov-report=term $(ARGS)

bench: $(VENV)/bench.done ## Compare feedsvc with Hugo, Pelican and nginx, for an hour or more, and write docs/performance.md
	$(RUN) -m bench --curves --profile --write docs/performance.md $(ARGS)

bench-quick: $(VENV)/bench.done ## Run the benchmark with few articles, in minutes; ignore goals for many articles, write no file
	$(RUN) -m bench --quick $(ARGS)

.PHONY: docs
docs: $(VENV)/docs.done ## Build the documentation site into build/docs; every warning is an error
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict $(ARGS)

.PHONY: reference
reference: $(VENV)/test.done ## Write the generated pages of docs/reference/
	$(RUN) -m tests.documentation.reference

.PHONY: screenshots
screenshots: $(VENV)/test.done ## Take the screenshots of docs/screenshots/ with Chromium; ARGS="front article" takes only these
	$(RUN) -m tests.documentation.screenshots $(ARGS)

.PHONY: readers-table
readers-table: $(VENV)/test.done ## Run real feed readers on the feeds, and write docs/readers.md
	FEEDSVC_TEST_REQUIRE_ALL=1 FEEDSVC_TEST_WRITE_READERS=1 $(RUN) -m pytest -k table_of_readers tests/subscribers

.PHONY: trees
trees: $(VENV)/test.done ## List the files of static trees that differ from a commit; ARGS="FOLDER --commit HEAD~3 --diff" shows more
	$(RUN) -m tests.trees $(ARGS)

.PHONY: kills
ROUNDS ?= 500
kills: $(VENV)/test.done ## Run kill -9 at random times, ROUNDS times in half an hour; SEED=... repeats an earlier run
	FEEDSVC_KILL_ROUNDS=$(ROUNDS) FEEDSVC_KILL_SEED=$(SEED) $(RUN) -m pytest -q -o faulthandler_timeout=0 tests/kills

.PHONY: damage
DAMAGES ?= 1000
damage: $(VENV)/test.done ## Damage state folders at random, DAMAGES times in some minutes; SEED=... repeats an earlier run
	FEEDSVC_DAMAGE_ROUNDS=$(DAMAGES) FEEDSVC_DAMAGE_SEED=$(SEED) $(RUN) -m pytest -q $(PARALLEL) tests/damage/test_damage.py $(ARGS)

.PHONY: soak
SECONDS ?= 1200
soak: $(VENV)/test.done ## Run a server with clients and saves for twenty minutes; check memory, files, errors and documents
	$(RUN) -m tests.soak $(SECONDS) $(SEED)

FUZZ_SECONDS ?= 600
fuzz: $(VENV)/fuzz.done ## Read generated files as articles for ten minutes; write files that fail to tests/fuzz/seeds/
	$(RUN) -m tests.fuzz -max_total_time=$(FUZZ_SECONDS) $(ARGS)

audit: $(VENV)/audit.done ## Check the locked dependencies for known vulnerabilities; status 3: nothing was audited
	$(VENV)/audit/bin/python tests/audit.py requirements.lock

dist: $(VENV)/dist.done ## Build source archive and wheel into dist/, and check what a package index would show
	rm -rf dist
	$(VENV)/dist/bin/python -m build --no-isolation
	$(VENV)/dist/bin/python -m twine check --strict dist/*

LOCALE := feedsvc/language/locale
.PHONY: words
words: $(VENV)/test.done ## Copy new and changed words of the template into all message catalogues
	$(VENV)/bin/pybabel --quiet update -i $(LOCALE)/feedsvc.pot -d $(LOCALE) -D feedsvc --no-fuzzy-matching --ignore-obsolete

.PHONY: readers
readers:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory tests/node/node_modules/.package-lock.json; fi

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix tests/node
	@touch $@

$(RUN):
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/serve.done: requirements.lock pyproject.toml | $(RUN)
	$(LOCKED) -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test.done: requirements-dev.lock pyproject.toml | $(RUN)
	$(LOCKED) -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/fuzz.done: $(VENV)/test.done
	$(GROUP) fuzz
	@touch $@

# pip-audit has a separate environment, because it needs other versions than the locked ones.
$(VENV)/audit.done: | $(RUN)
	$(PYTHON) -m venv --without-pip $(VENV)/audit
	$(PYTHON) -m pip --python $(VENV)/audit/bin/python install --quiet --disable-pip-version-check pip-audit
	@touch $@

$(VENV)/docs.done: $(VENV)/test.done
	$(GROUP) docs
	@touch $@

# A package is built with the newest tools, as others build it, not with the locked ones.
$(VENV)/dist.done: pyproject.toml | $(RUN)
	$(PYTHON) -m venv --without-pip $(VENV)/dist
	$(PYTHON) -m pip --python $(VENV)/dist/bin/python install --quiet --disable-pip-version-check build 'pip>=25.1' twine
	$(VENV)/dist/bin/python -m pip install --quiet --disable-pip-version-check --group build
	@touch $@

$(VENV)/bench.done: $(VENV)/serve.done
	$(GROUP) bench
	@touch $@

LOCK = $(RUN) -m piptools compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header --no-emit-options \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --annotation-style=line
# requirements.lock has the versions of requirements-dev.lock, so the served versions are the tested ones.
lock: $(VENV)/test.done ## Resolve the dependencies again, and write both lock files with versions and hashes
	$(INSTALL) dependency-groups pip-tools
	$(RUN) -m dependency_groups --output $(VENV)/build.in build
	$(RUN) -m dependency_groups --output $(VENV)/dev.in build dev
	$(LOCK) --extra postgres --extra s3 --output-file requirements-dev.lock pyproject.toml $(VENV)/dev.in
	$(LOCK) --extra postgres --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml $(VENV)/build.in

clean: ## Remove .venv/ and everything that was built
	rm -rf $(VENV) build dist public tests/node/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
