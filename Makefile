# Opsdesk: `make` says what there is.
.DEFAULT_GOAL := help
.PHONY: help run test check migration clean environment environment-dev

# The first that is 3.11 or newer and can make virtual environments; the versions pinned are tried with 3.11.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
OURS := $(wildcard core jobs ui web api pages tests Home.py .ci/*.py)
IN := .venv/bin/python

help: ## say what there is
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: environment ## start everything and print where it is (api=1: the API as a process of its own too)
	@exec $(IN) -m jobs.up --end-with-parent $(if $(api),--api)

test: environment-dev ## install what the tests need and run all of them
	@$(IN) -m tests.chromium
	@$(IN) -m pytest -n 2 --dist loadfile

check: environment-dev ## format, lint, types, architecture, and that the migrations say what the tables say
	@$(IN) -m ruff format --check .
	@$(IN) -m ruff check .
	@$(IN) -m mypy --strict $(OURS)
	@$(IN) -m pytest tests/test_architecture.py
	@$(IN) .ci/with_database.py $(IN) -m core.migrating check

migration: environment-dev ## write the next migration from the tables: make migration m="what it does"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="what it does"'; exit 2; }
	@$(IN) .ci/with_database.py $(IN) -m core.migrating draft "$(m)"

clean: ## remove what was built; the data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment: needs-python
	@$(PYTHON) .ci/environment.py run

environment-dev: needs-python
	@$(PYTHON) .ci/environment.py dev

.PHONY: needs-python
needs-python:
	@test -n "$(PYTHON)" || { echo "Opsdesk needs Python 3.11 or newer with its venv module" \
	"(on Debian and Ubuntu: apt-get install python3 python3-venv)."; exit 1; }
