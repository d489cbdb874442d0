# Every target makes what it needs, the virtual environment included. `make demo` and `make test` are all a newcomer
# has to know. CONTRIBUTING.md says when to use the others.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Processes that run tests: one per core, at most four, because all of them share one node of OpenSearch.
PYTEST := $(BIN)/pytest -n logical --maxprocesses 4 --dist worksteal

# Python caches what it compiled, whatever the environment says: collecting the tests takes 3 s with it and 13 without.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo check test-unit test test-rest test-all docs release screenshots bench imports constraints audit clean

# The default install: everything that serving needs.
$(VENV)/.default: constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# Development: the tools, and the extras but sentence-transformers, which brings 5 GB of torch.
$(VENV)/.dev: constraints-dev.txt $(VENV)/.default
	$(BIN)/pip install --quiet --require-hashes -r constraints-dev.txt
	touch $@

# All extras.
$(VENV)/.all: constraints-all.txt $(VENV)/.dev
	$(BIN)/pip install --quiet --require-hashes -r constraints-all.txt
	touch $@

demo: $(VENV)/.default
	$(BIN)/peerscope demo $(DEMO_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Without OpenSearch, a browser and PostgreSQL.
test-unit: $(VENV)/.dev
	$(PYTEST) -m "not (live or browser or postgresql or torch)" $(TEST_ARGS)

# Everything but what `test-rest` runs.
test: check
	$(PYTEST) -m "not (torch or deep or cluster)" $(TEST_ARGS)

# What `test` leaves out: torch, and long trials. What `test` tries a little, kills and made-up requests, is tried more.
test-rest: $(VENV)/.all
	KILLS=10 EXAMPLES=150 $(PYTEST) -m "(torch or deep or kill or fuzz) and not cluster" $(TEST_ARGS)
	$(BIN)/pytest -m cluster $(TEST_ARGS)

test-all: test test-rest

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W --keep-going docs build/docs

# Wheel and sdist in dist/, built from the last commit alone: what lies in build/ or is not committed cannot get in.
release: $(VENV)/.dev
	rm -rf dist build/release && mkdir -p dist build/release
	git archive HEAD | tar -x -C build/release
	cd build/release && $(abspath $(BIN))/python -c \
		"from setuptools import build_meta as build; build.build_sdist('dist'), build.build_wheel('dist')"
	cp build/release/dist/* dist/ && rm -rf build/release

# Pictures of the main pages, for people to judge: phone and desk, light and dark; docs/*.jpg are in the README.
screenshots: $(VENV)/.dev
	$(BIN)/pytest -q tests/live/screenshots.py

# Without benchmarks.peers: it needs txtai and lancedb (pip install --group peers), a gigabyte that nothing else uses.
bench: $(VENV)/.all
	$(BIN)/python -m benchmarks.embedding
	$(BIN)/python -m benchmarks.indexing $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.identity
	$(BIN)/python -m benchmarks.ranking
	$(BIN)/python -m benchmarks.researchers
	-$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.pages
	-$(BIN)/python -m benchmarks.resilience

# Packages, who imports whom, cycles, and imports that point up; tests/test_architecture.py allows neither of the last.
imports: $(VENV)/.dev
	$(BIN)/python -m tests.import_graph

# Chooses the newest versions again; needs uv.
COMPILE := uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make constraints" --quiet --upgrade
constraints:
	$(COMPILE) -o constraints.txt
	$(COMPILE) --group dev --group docs --extra evaluate --extra multilingual --extra postgresql --extra s3 -c constraints.txt -o constraints-dev.txt
	$(COMPILE) --extra postgresql --extra cluster --extra s3 -c constraints-dev.txt -o constraints-server.txt
	$(COMPILE) --group dev --group docs --group torch --all-extras -c constraints-dev.txt -o constraints-all.txt

# Known vulnerabilities of the pinned versions, from PyPI's database. --strict: an index that does not answer for a
# package is a failure, not a success.
audit:
	$(PYTHON) -m venv build/audit
	build/audit/bin/pip install --quiet pip-audit
	for file in constraints.txt constraints-server.txt constraints-dev.txt constraints-all.txt; do \
		build/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$file || exit 1; done

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
