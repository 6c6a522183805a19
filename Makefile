# The everyday commands. `make` alone explains them.
# Both installs come from hash-locked files and leave a stamp, so the second call of anything starts at once.

.DEFAULT_GOAL := help
.PHONY: help setup run test check fmt bench properties chaos lock
MAKEFLAGS += --no-print-directory
# Where the machine says so, Python keeps no compiled code: every one of our processes would compile the portal anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
RUNTIME := .venv/.installed-runtime
DEVELOP := .venv/.installed-develop

help: ## Print this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8010 make run                     another port (the sandbox vendors take the one above it)"
	@echo "  SORA_PORTAL_DATA_DIR=/srv/portal make run   database and media elsewhere (default ./var)"
	@echo "  make chaos N=200 KILLS=60 SEED=2       a shorter one; MUTANT=retry runs a wrong build, which must be caught"
	@echo "  make test ARGS='tests/ledger -x'      only a part of the suite; ARGS go to pytest"

setup: $(DEVELOP) ## Make the environment in .venv, with the tools for tests and checks; run nothing

run: $(RUNTIME) ## Start the portal, its workers and the sandbox vendors; print the address and who can sign in
	@$(PYTHON) -m sora_portal.operations.bootstrap.first_run
	@$(PYTHON) manage.py up

test: $(DEVELOP) ## Run the whole suite, browser journey included
	@scripts/browser.sh
	@scripts/curl.sh
	@$(if $(ARGS),$(PYTHON) -m pytest $(ARGS),scripts/test.sh)

check: $(DEVELOP) ## Everything that can be said without running the product; changes no file
	@scripts/check.sh

fmt: $(DEVELOP) ## Format Python and templates, fix what ruff can fix
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 {} +

bench: $(DEVELOP) ## Run the benchmarks; one JSON line per measure
	@$(PYTHON) -m bench

properties: $(DEVELOP) ## Read 100,000 generated vendor bodies with every adapter and 10,000 forged callbacks (minutes)
	@EXAMPLES=$${EXAMPLES:-100000} CALLBACKS=$${CALLBACKS:-10000} CHOICES=$${CHOICES:-2000} $(PYTHON) -m pytest -n 2 \
		--timeout=900 tests/providers/answers/test_generated_bodies.py tests/vendors/test_forged_callbacks.py \
		tests/catalog/spec/test_every_choice.py
	@HOSTILE=18 $(PYTHON) -m pytest -n 2 --timeout=900 tests/architecture/test_hostile_values.py

chaos: $(DEVELOP) ## Kill the portal at random and at every failpoint for some minutes, and count what broke
	@$(PYTHON) -m chaos --generations $(or $(N),1000) --kills $(or $(KILLS),200) --seed $(or $(SEED),1) $(if $(MUTANT),--mutant $(MUTANT)) $(ARGS)

lock: ## Resolve pyproject.toml again into the two requirements files (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --output-file requirements.lock $(ARGS)
	uv pip compile pyproject.toml --group dev --constraint requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --output-file requirements-dev.lock $(ARGS)

$(RUNTIME): requirements.lock scripts/environment.sh
	@scripts/environment.sh requirements.lock
	@touch $@

$(DEVELOP): requirements-dev.lock scripts/environment.sh
	@scripts/environment.sh requirements-dev.lock
	@touch $(RUNTIME) $@
