# `make run` and `make test` prepare all they need. See README.md.
PY := .venv/bin/python
.PHONY: setup run test test-all bench check docs clean

setup: ## everything from PyPI and npm into .venv and the package
	@sh tools/setup.sh

run: setup ## a small country on this machine
	@.venv/bin/benhan demo

test: setup
	@sh tools/setup_tests.sh
	@$(PY) -m pytest -q -n 2 --dist loadfile -m "not slow"

test-all: setup
	@sh tools/setup_tests.sh
	@sh tools/add_fuzzer.sh
	@sh tools/fetch_fhir_examples.sh
	@sh tools/fetch_ips.sh
	@$(PY) -m pytest -q -n 2 --dist loadfile --hypothesis-profile default

check: setup
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports

bench: setup
	@$(PY) benchmarks/all.py

docs: setup
	@$(PY) tools/make_docs.py
