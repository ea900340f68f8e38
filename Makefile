# Every target makes .venv and installs what it needs when that is missing or out of date.
# make PYTHON=python3.12 ... picks the interpreter; make fly SCENARIO=PE1-E1-I1 ARGS="--seed 3".
# make test WORKERS=0 runs the tests one after the other.
# make install TORCH_INDEX=https://... takes torch from there: see README.md.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo "$$p" && break; done)
SCENARIO ?= PE1-E1-I2
ARGS ?=
TORCH_INDEX ?=
WORKERS ?= 4

ROOMS := agents contract envs evals hardware prompts tools
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed
BESIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Tests start hundreds of processes: each would compile our files, and pytest rewrite the tests, anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install shell links fly test test-again test-fast coverage check types format bench licences clean

help:
	@echo "make install | shell | fly | test | test-fast | coverage | check | format | bench | clean"

install: $(STAMP)

# torch comes first and alone: that exact version decides which build is taken.
$(STAMP): pyproject.toml setup.py constraints.txt $(wildcard contract/c_build.py envs/orbital/step/*.[ch] tools/area/*.[ch])
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.13 found: make PYTHON=/path/to/python" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip  # uv makes .venv without pip
	$(PIP) install -q $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $$(grep '^torch==' constraints.txt)
	$(PIP) install -q -c constraints.txt -e ".[test]"
	$(PIP) install -q --no-deps --upgrade --target $(VENV)/clients/krpc-0.5.4 krpc==0.5.4
	@touch $@

# A shell that finds helmsight, as after activating .venv.
shell: $(STAMP)
	@echo "helmsight is found in this shell; exit leaves it"
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" PATH="$(CURDIR)/$(BIN):$$PATH" $${SHELL:-sh}

fly: $(STAMP)
	$(BIN)/helmsight fly $(SCENARIO) $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest $(BESIDE)

# The tests that failed the last time, one after the other in one process.
test-again: $(STAMP)
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

# counting lines takes half as long again before Python 3.12
coverage: $(STAMP)
	$(BIN)/python -m pytest $(BESIDE) --cov --cov-report=term

# one process collects once: the least CPU
test-fast: WORKERS = 0
test-fast: $(STAMP)
	$(BIN)/python -m pytest $(BESIDE) --hypothesis-profile few \
		-m "not slow and not display and not serial and not gpu"

# The packages under the names that they are imported by, for mypy and IDEs.
links:
	@rm -rf .links && mkdir -p .links/helmsight
	@for room in $(ROOMS) helmsight/*; do ln -s "../../$$room" ".links/helmsight/$${room##*/}"; done

types: $(STAMP) links
	$(BIN)/mypy

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) -s types

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

licences: $(STAMP)
	$(BIN)/python .ci/licences.py

bench: $(STAMP)
	@for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
