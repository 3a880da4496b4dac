# `make` prints this help, made from the comments behind the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test lint types docs unit bench clean prerequisites

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Set up if needed, then the main job: tickets on Cora beside dense and small dense
	@$(BIN)/glt run -m method=fastglt,guided,small_dense dataset=cora

test: lint types docs unit ## Set up if needed, then lint, types, docs and all tests

lint: $(VENV)/.dev ## Check style and formatting (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Check types (mypy, strict)
	@$(BIN)/mypy

docs: $(VENV)/.dev ## Build the documentation into site/ (mkdocs; dead links fail)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

unit: $(VENV)/.dev ## Run the tests alone, on all cores
	@$(BIN)/pytest -n auto

bench: $(VENV)/.dev ## Measure the engine and write benchmarks/results.md (about half an hour)
	@$(BIN)/python -m benchmarks

clean: ## Remove the virtual environment and caches; outputs/ stays
	@rm -rf $(VENV) dist build site .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up happens once for each state of pyproject.toml: a stamp file remembers it.
$(VENV)/.python: | prerequisites
	@echo "Setting up $(VENV) (once; takes a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: pyproject.toml $(VENV)/.python
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.python
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev,docs]'
	@touch $@ $(VENV)/.run

prerequisites:
	@command -v $(PYTHON) >/dev/null || { echo "glt needs Python 3.11-3.13 and found no '$(PYTHON)': install python3 (Debian: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "glt needs Python 3.11-3.13, and '$(PYTHON)' is $$($(PYTHON) -V 2>&1): name another, as in make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' cannot make virtual environments: install its venv module (Debian: apt install python3-venv)" >&2; exit 2; }
