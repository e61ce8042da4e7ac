# Everything below needs python3 with pip, and make; npm too where the readers written in JavaScript are to be tested.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
CONTENT ?= content
# Test processes at a time; most tests wait for a server or a program, so there are more of them than cores.
JOBS ?= 6

# Tests start a thousand servers and commands; without cached bytecode each would compile every module.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
RUN := $(VENV)/bin/python
# Not every Python brings ensurepip; every pip can install into another environment.
INSTALL = $(PYTHON) -m pip --python $(RUN) install --quiet --disable-pip-version-check
# A lock file has all there is: nothing is looked for, or some pips would take a newer release for what another package names
# with an extra, and refuse it since it is not in the file.
LOCKED = $(INSTALL) --no-deps --require-hashes

# Neighbours share their fixtures until a process without work takes some of them.
PARALLEL := -n $(JOBS) --dist worksteal
NO_TESTS := 5  # pytest's exit status where ARGS select none

.PHONY: serve test check coverage bench bench-quick fuzz audit lock clean

serve: $(VENV)/serve.done ## Serve the sample newsroom at http://127.0.0.1:8000/
	$(VENV)/bin/feedsvc serve $(CONTENT) --host $(HOST) --port $(PORT) --base-url http://$(HOST):$(PORT)

test: $(VENV)/test.done readers ## Run every test, in JOBS processes
	$(RUN) -m pytest $(PARALLEL) -m "not alone" $(ARGS) || [ $$? -eq $(NO_TESTS) ]
	$(RUN) -m pytest -m alone $(ARGS) || [ $$? -eq $(NO_TESTS) ]

check: $(VENV)/test.done ## Style, types, the direction of imports and the language of docstrings
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q -p no:randomly tests/test_architecture.py tests/test_plain_language.py

coverage: $(VENV)/test.done readers ## Run every test and count branches
	$(RUN) -m pytest $(PARALLEL) --cov --cov-report=term $(ARGS)

bench: $(VENV)/bench.done ## Measure feedsvc beside Hugo, Pelican and nginx, an hour long, and write docs/performance.md
	$(RUN) -m bench --curves --profile --write docs/performance.md $(ARGS)

bench-quick: $(VENV)/bench.done ## The same rows with few articles, in minutes; goals for many do not count, nothing is written
	$(RUN) -m bench --quick $(ARGS)

.PHONY: readers-table
readers-table: $(VENV)/test.done ## See what feed readers do with the feeds, and write docs/readers.md
	FEEDSVC_TEST_REQUIRE_ALL=1 FEEDSVC_TEST_WRITE_READERS=1 $(RUN) -m pytest -k table_of_readers tests/subscribers

.PHONY: kills
ROUNDS ?= 500
kills: $(VENV)/test.done ## kill -9 at random moments, so many times in half an hour; SEED=... repeats the moments of an earlier run
	FEEDSVC_KILL_ROUNDS=$(ROUNDS) FEEDSVC_KILL_SEED=$(SEED) $(RUN) -m pytest -q -o faulthandler_timeout=0 tests/kills

.PHONY: damage
DAMAGES ?= 1000
damage: $(VENV)/test.done ## Damage state folders at random, so many times in some minutes; SEED=... repeats the damages of an earlier run
	FEEDSVC_DAMAGE_ROUNDS=$(DAMAGES) FEEDSVC_DAMAGE_SEED=$(SEED) $(RUN) -m pytest -q $(PARALLEL) tests/damage/test_damage.py $(ARGS)

.PHONY: soak
SECONDS ?= 1200
soak: $(VENV)/test.done ## A server under readers and editors for twenty minutes: nothing grows, fails or says a wrong byte
	$(RUN) -m tests.soak $(SECONDS) $(SEED)

FUZZ_SECONDS ?= 600
fuzz: $(VENV)/fuzz.done ## Read ever new files as articles for ten minutes; one that fails is kept in tests/fuzz/seeds/
	$(RUN) -m tests.fuzz -max_total_time=$(FUZZ_SECONDS) $(ARGS)

audit: $(VENV)/audit.done ## Ask whether anything that feedsvc needs is known to be vulnerable
	$(VENV)/audit/bin/python tests/audit.py requirements.lock

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
	$(INSTALL) --no-build-isolation -e '.[fuzz]'
	@touch $@

# In an environment of its own: what pip-audit needs is not what was locked.
$(VENV)/audit.done: | $(RUN)
	$(PYTHON) -m venv --without-pip $(VENV)/audit
	$(PYTHON) -m pip --python $(VENV)/audit/bin/python install --quiet --disable-pip-version-check pip-audit
	@touch $@

$(VENV)/bench.done: $(VENV)/serve.done
	$(INSTALL) --no-build-isolation -e '.[bench]'
	@touch $@

LOCK = $(RUN) -m piptools compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header --no-emit-options \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --annotation-style=line pyproject.toml
# What is served is what is tested: of two versions, that of the tests.
lock: $(VENV)/test.done ## Resolve the dependencies anew; versions and hashes only
	$(INSTALL) pip-tools
	$(LOCK) --extra build --extra postgres --extra s3 --extra dev --output-file requirements-dev.lock
	$(LOCK) --extra build --constraint requirements-dev.lock --output-file requirements.lock

clean:
	rm -rf $(VENV) build dist public tests/node/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
