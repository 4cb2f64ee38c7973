# Every target makes what it needs: nothing but python3 (3.11 or newer, with venv) and a package index is presumed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: setup demo test run bench lock messages clean

setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

demo: setup            ## the main job on embedded defaults: no network, no account
	$(BIN)/monitor demo

test: setup            ## lint, types, all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --ignore=tests/benchmarks

run: setup             ## live: reads config.toml (copy config.example.toml first)
	$(BIN)/monitor run

bench: setup           ## speed and memory, as ratios within one run
	$(BIN)/python -m pytest tests/benchmarks -s

lock: setup            ## write requirements.txt anew from pyproject.toml (newest versions)
	$(PYTHON) -m venv --clear .venv/lock
	.venv/lock/bin/python -m pip install --quiet --disable-pip-version-check setuptools wheel '.[dev]'
	.venv/lock/bin/python -m pip freeze --all --exclude pip --exclude japan-tender-monitor > requirements.txt
	rm -rf .venv/lock

messages: setup        ## bring the Japanese catalogue up to date with the texts in the code
	$(BIN)/python -m monitor.i18n

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
