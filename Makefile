# make demo   environment, install, train on real digits, judge, classify, report
# make test   the same environment, then the tests
# make peers  into that environment the libraries that the tests compare ours with; without them these tests are skipped
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test peers slow check docs bench clean

demo: $(VENV)/installed
	$(BIN)/clearsight demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(TESTS)

peers: $(VENV)/installed-peers

slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/installed-dev
	$(BIN)/python docs/generate.py

bench: $(VENV)/installed-dev
	$(BIN)/python benchmarks/all.py
	$(BIN)/python benchmarks/planted_duplicates.py

# torch comes first and alone: whatever is installed after it then takes the build that is there, instead of pulling another
$(VENV)/torch: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement constraints.txt
	touch $@

$(VENV)/installed: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(VENV)/installed $@

# two of them bring the OpenCV that needs a screen's libraries: the other, which is the same without windows, is laid over it
$(VENV)/installed-peers: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,peers]"
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps opencv-python-headless
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
