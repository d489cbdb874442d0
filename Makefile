# Every target makes what it needs, the virtual environment included. `make demo` and `make test` are all a newcomer has to know.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test check screenshots bench constraints clean

# The default install: everything that serving needs, no torch.
$(VENV)/.default: constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# All extras and the tools of development on top.
$(VENV)/.all: constraints-all.txt $(VENV)/.default
	$(BIN)/pip install --quiet --require-hashes -r constraints-all.txt
	touch $@

demo: $(VENV)/.default
	$(BIN)/peerscope demo $(DEMO_ARGS)

check: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest $(TEST_ARGS)

# Pictures of the main pages, for people to judge: phone and desk, light and dark; docs/profile.png is in the README.
screenshots: $(VENV)/.all
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

# Resolves the versions anew; needs uv.
constraints:
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make constraints" --quiet --upgrade -o constraints.txt
	uv pip compile pyproject.toml --group build --group dev --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make constraints" --quiet --upgrade -c constraints.txt -o constraints-all.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
