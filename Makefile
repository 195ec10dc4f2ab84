PYTHON ?= .venv/bin/python

.PHONY: check test demo

check:  ## format, lint and types
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

test:  ## the fast tests
	$(PYTHON) -m pytest -n auto

demo:  ## the embedded default: the keyless baseline on a sample of BFCL
	$(PYTHON) -m harness
