# Needs make and Python 3.11, 3.12 or 3.13; everything else goes into .venv.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.made-for-run
DEV_STAMP := $(VENV)/.made-for-development

# The first interpreter that works and is new enough: some names are shims without a Python behind.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11 python; do \
	if $$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	>/dev/null 2>&1; then echo $$candidate; break; fi; done)

.PHONY: help run test check bench pretrained screenshots format clean

help: ## Show this list
	@echo "rlscale-console: train, watch, debug and trust a learned autoscaler"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
		awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

run: $(RUN_STAMP) ## Open the console on a live demo (simulator, shipped policy)
	@$(BIN)/rlscale-console demo

test: $(DEV_STAMP) ## Run all tests
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadgroup $(PYTEST_ARGS)

check: $(DEV_STAMP) ## Lint, format, types, architecture: what CI checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: $(DEV_STAMP) ## Measure speed and size, each figure beside its target
	@$(BIN)/python -m tests.bench

pretrained: $(DEV_STAMP) ## Train the shipped PPO and DQN policies again (minutes)
	$(BIN)/python -m core.agents.pretrain

screenshots: $(DEV_STAMP) ## Draw the images of the README from the real console
	$(BIN)/python tools/screenshots.py

format: $(DEV_STAMP) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and everything that was made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .import_linter_cache snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_STAMP): pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory need-python
	@$(PYTHON) tools/make_environment.py train report browser
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory need-python
	@$(PYTHON) tools/make_environment.py train report browser load dev
	@touch $@ $(RUN_STAMP)

.PHONY: need-python
need-python:
	@test -n "$(PYTHON)" || { \
		echo "error: expected Python 3.11, 3.12 or 3.13, found none. Install one, or say" \
		"make PYTHON=/path/to/python3.12" >&2; exit 1; }
