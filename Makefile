# What each target does: `make help`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

# Where this is set, every process of a run would compile all of our sources again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup check style types imports contract test demo bench soak up down

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 9

setup: $(INSTALLED) ## the virtual environment, with the pinned packages

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vntape needs Python 3.11 or later: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'installing Python packages into .venv (760 MB on disk, under a minute)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

check: setup ## style, types, import laws and the contract
	@$(MAKE) --no-print-directory --keep-going --output-sync -j4 style types imports contract

style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

contract:
	$(BIN)/vntape schemas check
	$(BIN)/pytest -q tests/contract tests/unit/schemas

test: setup ## all tests, on a real Kafka and a real TimescaleDB
	$(BIN)/pytest -m 'not soak' -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

demo: setup ## from nothing to a live result; ONCE=1 ends by itself
	$(BIN)/vntape demo $(if $(ONCE),--once) $(if $(AGAIN),--again)

bench: setup ## throughput and latency on this machine
	$(BIN)/python -m tests.bench $(ARGS)

soak: setup ## the long fault matrices
	$(BIN)/pytest -m soak $(ARGS)

up: setup ## start the local Kafka and TimescaleDB
	$(BIN)/vntape up

down: setup ## stop them
	$(BIN)/vntape down
