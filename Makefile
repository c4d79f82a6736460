# `make demo` and `make test` do all the set-up they need. The rest is for those who work on Zoe.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Packages go in again only after pyproject.toml has changed.
DEMO_READY := $(VENV)/.demo-ready
DEV_READY := $(VENV)/.dev-ready
FIGURES := submission overhead slots listing termination footprint elastic scheduler simulate policies gateway
PYTEST := $(BIN)/python -m pytest

.PHONY: demo test check lint format types images bench clean help

help:  ## show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(DEMO_READY)  ## a real Spark cluster counts words on this machine, and leaves nothing behind
	@$(BIN)/zoe demo

test: $(DEV_READY)  ## all tests that can run here; what is skipped says why
	@bash tests/prepare.sh
	$(PYTEST) -n 2 --dist loadgroup

check: $(DEV_READY)  ## the tests a developer runs all day: unit and integration
	$(PYTEST) -n 2 --dist loadgroup -m "not slow and not engine" tests/unit tests/integration

lint: $(DEV_READY)  ## what ruff says
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(DEV_READY)  ## let ruff write it as it should be
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV_READY)  ## what mypy says
	$(BIN)/mypy

images:  ## the container images of the bundled ZApp types, and of the doors into users' networks
	docker build -t zoe-socks:1 plugins/backend_docker/images
	docker build -t zoe-spark:4 -f plugins/zapp_spark/images/Dockerfile plugins/zapp_spark
	docker build -t zoe-boinc:1 plugins/zapp_boinc/images

bench: $(DEV_READY)  ## every figure of the README: an hour, on a machine that does nothing else
	@bash tests/prepare.sh bench
	@for name in $(FIGURES); do $(BIN)/python -m bench.$$name || exit 1; done
	@for size in queue process docker "boinc --kills 5"; do $(BIN)/python -m bench.storm --size $$size || exit 1; done
	@for engine in docker swarm; do for name in lab lab_session; do \
		$(BIN)/python -m bench.$$name --engine $$engine || exit 1; done; done
	@for engine in process docker; do $(BIN)/python -m bench.backfill --engine $$engine || exit 1; done

clean:  ## remove the virtual environment and what the tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Zoe needs Python 3.11 or newer; name one with make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV) || { echo 'The module venv is missing: apt-get install python3-venv'; exit 1; }

$(DEMO_READY): $(VENV)/bin/python pyproject.toml
	@echo 'Installing Zoe and Spark into $(VENV) (once; Spark is about 450 MB) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check --use-pep517 -e '.[spark]'
	@touch $@

$(DEV_READY): $(VENV)/bin/python pyproject.toml
	@echo 'Installing Zoe, Spark and the tools of its developers into $(VENV) (once) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check --use-pep517 -e '.[dev]'
	@touch $@ $(DEMO_READY)
