# Every target sets itself up: the first run makes .venv, later runs find it ready.
# Override the interpreter with `make PYTHON=/path/to/python3.12 test`.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE := tests/clients/node/node_modules/.package-lock.json
BROWSER := tools/viewers/node_modules/.package-lock.json
WORKERS ?= auto
OUT ?= demo-output

.DEFAULT_GOAL := help
.PHONY: help demo test check clients viewers format bench matrix matrix-segmentations matrix-reports tables docs wheel clean

help: ## what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "dicomposer needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || echo none)."; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"dicomposer needs Python 3.11 or newer; this is {v[0]}.{v[1]}")'
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@if command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(BIN)/python -e '.[all]' --group dev; then :; \
		else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]' --group dev; fi
	@touch $@

demo: $(READY) ## real CT, MR and slide images through the whole library
	@$(BIN)/dicomposer demo --output $(OUT)

test: $(READY) ## all tests
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

check: $(READY) ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

clients: $(READY) $(NODE) ## readers from Debian and npm (needs dcmtk, orthanc, orthanc-dicomweb, libpixelmed-java, libsaxonhe-java, a JRE, node 18.19+, npm)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests/clients $(ARGS)

viewers: $(READY) $(BROWSER) ## OHIF in a real browser (needs chromium, orthanc, orthanc-dicomweb, node 20+, npm); rewrites docs/viewers.md
	@$(BIN)/python -m tools.viewers $(ARGS)

$(BROWSER): tools/viewers/package-lock.json
	@cd $(@D)/.. && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(NODE): tests/clients/node/package-lock.json
	@cd $(@D)/.. && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

format: $(READY) ## reformat and apply safe lint fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## the benchmarks, with their targets
	@$(BIN)/python -m benchmarks $(ARGS)

matrix: matrix-segmentations matrix-reports ## every legal combination against every judge

matrix-segmentations: $(READY) ## the first half; rewrites docs/matrix.md
	@$(BIN)/python -m tools.matrix $(ARGS)

matrix-reports: $(READY) $(NODE) ## the second (needs what clients needs); rewrites docs/matrix-reports.md
	@$(BIN)/python -m tools.matrix_reports $(ARGS)

tables: $(READY) ## the standard's tables from their pinned packages (ARGS=--check or --diff: write nothing)
	@$(BIN)/python -m tools.tables $(ARGS)
	$(if $(ARGS),,@$(BIN)/python -m tools.coverage)

docs: $(READY) ## execute every code block of the README and the guide
	@$(BIN)/python -m pytest -q tests/docs

wheel: $(READY) ## build dist/*.whl and the source archive
	@rm -rf dist && $(BIN)/python -m build --outdir dist .

clean: ## remove everything that make made
	rm -rf $(VENV) dist build $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/clients/node/node_modules \
		tools/viewers/node_modules viewers-output
