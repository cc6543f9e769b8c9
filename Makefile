# Every target can be repeated; what is already installed costs nothing. A half-made .venv is repaired.
# GNU make 3.81 or newer and a POSIX shell. PYTHON=python3.12 chooses the interpreter of a new .venv.

.DEFAULT_GOAL := help
.PHONY: help dashboard view dev quick lint format types pytest test test-all coverage bench bench-compare bench-all client lock

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
APP := $(VENV)/.headroom-installed
VIEW := $(VENV)/.headroom-view-installed
DEV := $(VENV)/.headroom-dev-installed
LOCK := requirements.lock

# Without compiled files, each of the hundreds of processes of the tests compiles the code again.
unexport PYTHONDONTWRITEBYTECODE

# TensorFlow sets the newest Python: it publishes no wheel for 3.14 yet.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# Many tests wait for a process or a browser, so there are three workers more than two cores need.
PYTEST := -m pytest -n 5 --dist loadgroup --no-loadscope-reorder

# Tests that compute and do not wait. An xdist_group shares a server or a worker process.
QUICK := -m pytest -n 2 -m 'not training and not browser and not slow and not xdist_group'

define CREATE
	found=; \
	for python in $(if $(PYTHON),'$(PYTHON)',python3 python3.13 python3.12 python3.11 python); do \
		if "$$python" -c '$(FITS)' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'Expected $(if $(PYTHON),PYTHON to be ,)Python 3.11, 3.12 or 3.13; got $(if $(PYTHON),$(PYTHON),none on the PATH).' >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "Expected $$found to have the module venv; got a Python without it (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; \
	fi; \
	echo "Creating $(VENV) with $$found ($$("$$found" --version))."; \
	"$$found" -m venv --clear $(VENV)
endef

define ENSURE
	if ! $(PY) -c '$(FITS)' 2>/dev/null || ! $(PY) -m pip --version >/dev/null 2>&1; then $(CREATE); fi
endef

# $(1): what to install, $(2): the options of pip that name it.
define INSTALL
	echo 'Installing $(1). The first time takes minutes.'; \
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint $(LOCK) $(2) || \
		{ echo 'Expected pip to install $(1); got the error above. Running make again continues from here.' >&2; exit 1; }
endef

help: ## list the targets
	@echo 'Headroom: how much head does your ConvNet need?'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

dashboard: $(APP) ## install what is needed, then open the dashboard
	@$(PY) -m core serve --browser

view: $(VIEW) ## install what is needed to view runs and reports, without TensorFlow, then open the dashboard
	@$(PY) -m core serve --browser

dev: $(APP) ## open the dashboard with an empty temporary home; it reloads when a source file changes
	@home=$$(mktemp -d "$${TMPDIR:-/tmp}/headroom-dev.XXXXXX") || exit 1; \
	trap 'rm -rf "$$home"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	echo "Starting the dashboard with the examples and the temporary home $$home, which is deleted at the end."; \
	HEADROOM_HOME="$$home" $(PY) -m streamlit run asgi.py --server.showEmailPrompt false \
		--server.fileWatcherType auto --server.runOnSave true --client.showErrorDetails full

quick: lint types ## lint, types and the fast tests: no training, no pages, no processes
	@echo 'Testing without training, pages and processes.'
	@$(PY) $(QUICK)

lint: $(DEV) ## check the code style and the format
	@echo 'Linting.'
	@$(PY) -m ruff check --no-cache .
	@echo 'Checking the format.'
	@$(PY) -m ruff format --check --no-cache .

format: $(DEV) ## format the code and fix what the linter can fix
	@$(PY) -m ruff check --no-cache --fix .
	@$(PY) -m ruff format --no-cache .

types: $(DEV) ## check the types
	@echo 'Checking the types.'
	@$(PY) -m mypy

test: lint ## lint, types and all tests but the longest
	@$(MAKE) --no-print-directory --jobs=2 types pytest

# Next to the types: mypy uses one core, in a new copy for a minute.
pytest: $(DEV)
	@echo 'Testing.'
	@$(PY) $(PYTEST)

test-all: export HEADROOM_LONG := 1
test-all: lint types coverage ## lint, types and all tests, with the coverage floor

coverage: $(DEV) ## run the tests and report the line coverage of core/; fails below the floor in pyproject.toml
	@echo 'Testing$(if $(HEADROOM_LONG), with the longest tests,) and measuring coverage.'
	@$(PY) -m coverage erase
	@$(PY) -m coverage run $(PYTEST)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report

bench: $(DEV) ## measure the budgets and update the table in docs/performance.md; ONLY=commands measures a part
	@$(PY) -m benchmarks._table $(if $(ONLY),--only $(ONLY)) --repeats $(or $(REPEATS),1)

bench-compare: $(DEV) ## measure the budgets also at another revision: make bench-compare REV=main ONLY=commands
	@$(PY) -m benchmarks._table --compare $(or $(REV),main) $(if $(ONLY),--only $(ONLY)) --repeats $(or $(REPEATS),1)

bench-all: $(DEV) ## run every benchmark; each prints one line of JSON
	@for file in benchmarks/[a-z]*.py; do \
		name=$$(basename "$$file" .py); \
		echo "Running the benchmark $$name."; \
		$(PY) -m "benchmarks.$$name" || exit 1; \
	done

client: $(DEV) ## generate the Python client of the HTTP API, headroom/api.py
	@code=$$($(PY) -m core.api.client_code) && printf '%s\n' "$$code" | $(PY) -m ruff format --stdin-filename api.py - > headroom/api.py

# Installs nothing but uv: the old lock contradicts the requirement that just changed.
lock: ## pin all packages that the requirements files need, in requirements.lock
	@$(ENSURE)
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install --quiet $$(grep '^uv==' requirements-dev.txt)
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-annotate \
		--custom-compile-command 'make lock' --output-file $(LOCK) requirements-dev.txt requirements-ray.txt

# An interpreter that is missing, too old or dangling (the system's Python was replaced) makes the stamps void.
ifneq ($(shell $(PY) -c '$(FITS)' 2>/dev/null && echo fits),fits)
$(APP) $(VIEW): unfit
endif
.PHONY: unfit
unfit:

$(APP): requirements.txt $(LOCK) pyproject.toml
	@$(ENSURE)
	@$(call INSTALL,Headroom and requirements.txt,--editable .)
	@touch $@

# A full installation also views.
$(VIEW): requirements-view.txt $(LOCK) pyproject.toml
	@$(ENSURE)
	@test -e $(APP) || { $(call INSTALL,requirements-view.txt,--requirement requirements-view.txt); }
	@test -e $(APP) || $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(DEV): requirements-dev.txt requirements-login.txt requirements-mlflow.txt requirements-onnx.txt \
		requirements-tensorboard.txt $(APP)
	@$(call INSTALL,requirements-dev.txt,--requirement requirements-dev.txt)
	@touch $@
