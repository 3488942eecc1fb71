# Two commands matter: `make run` starts everything, `make test` checks everything.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run install test check lock clean

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: install ## build what is missing and start the chatbot
	@exec $(BIN)/motcua up

install: ## build both environments
	@$(PYTHON) motcua/bootstrap.py

test: ## build what is missing and run every check and test
	@$(PYTHON) motcua/bootstrap.py --dev --browser
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

check: ## linters, types and import arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## resolve locks/*.txt anew
	@$(PYTHON) motcua/bootstrap.py --lock

clean: ## remove the environments and everything that was generated (var/ stays)
	rm -rf .venv .venv-rasa .venv-tools .mypy_cache .ruff_cache .pytest_cache
