# On Windows use the two pip commands of the README.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')
# Spinning threads of small matrix products only fight each other on a small machine.
export OPENBLAS_NUM_THREADS ?= 1
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: help demo lint types test test-slow bench wheel clean

help:
	@echo "make demo       install and score the sample study"
	@echo "make test       install with the developer tools and run the tests"
	@echo "make test-slow  the long tests"
	@echo "make lint types ruff, mypy"
	@echo "make bench      the benchmarks behind the figures in the docs"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV_STAMP): $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(STAMP)

demo: $(STAMP)
	$(BIN)/mimicry demo

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	$(BIN)/mypy

# A module stays in one process, so that its fixtures are made once.
test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope -m "not slow and not serial"
	$(BIN)/python -m pytest -m "serial and not slow"

# Few and long: an idle process takes over what another has not begun.
test-slow: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "slow and not serial" --timeout=1800
	$(BIN)/python -m pytest -m "slow and serial" --timeout=1800

bench: $(DEV_STAMP)
	$(BIN)/python -m benchmarks

wheel: $(DEV_STAMP)
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
