# From a bare clone: `make serve` runs the gateway, `make test` runs every test.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help serve test check lint format openapi binaries lock bench torture clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 12

serve: $(VENV)/.runtime  ## run the gateway (make serve ARGS="--config my.toml")
	@exec $(BIN)/alert-gateway serve $(ARGS)

test: $(VENV)/.dev binaries  ## all tests, with the real Prometheus, Alertmanager and Redis
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.dev  ## everything CI runs: lint, format, types, imports, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory test

format: $(VENV)/.dev  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: $(VENV)/.dev  ## write the API's description anew from the endpoint table
	$(BIN)/python -m tests.web.openapi

bench: $(VENV)/.dev binaries  ## all questions of benchmarks/README.md (make bench ARGS="--only repeats")
	$(BIN)/python -m benchmarks $(ARGS)

torture: $(VENV)/.dev binaries  ## 9 minutes of faults of all kinds: nothing may be lost or doubled
	$(BIN)/python -m tests.torture $(ARGS)

binaries:  ## fetch the real Prometheus, Alertmanager and Redis into .cache/ (installs nothing)
	@sh tests/binaries.sh .cache

lock: $(VENV)/.dev  ## write the two lock files anew from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	    --extra embedded --group build -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	    --extra embedded --group build --group dev -o requirements-dev.lock pyproject.toml

clean:  ## remove the environment and the fetched binaries (never data/)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

# One environment serves both: .dev holds a superset of .runtime.
$(VENV)/.runtime: requirements.lock pyproject.toml
	@test -e $(VENV)/.dev || $(MAKE) --no-print-directory install LOCK=requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory install LOCK=requirements-dev.lock
	@touch $@

.PHONY: install
install:
	@echo "Setting up $(VENV) from $(LOCK) (about a minute the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	    echo "python3 cannot make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
