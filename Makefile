# Every target can be repeated; what is already there costs nothing. A half-made .venv is repaired.
# GNU make 3.81 or newer and a POSIX shell; PYTHON=python3.12 chooses the interpreter of a new .venv.

.DEFAULT_GOAL := help
.PHONY: help dashboard test test-all bench

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
APP := $(VENV)/.headroom-installed
DEV := $(VENV)/.headroom-dev-installed

# TensorFlow sets the newest Python: it publishes no wheel for 3.14 yet.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

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

define INSTALL
	echo 'Installing $<. The first time takes minutes.'; \
	$(PY) -m pip install --quiet --disable-pip-version-check -r $< || \
		{ echo 'Expected pip to install $<; got the error above. Running make again goes on from here.' >&2; exit 1; }
endef

help: ## list the targets
	@echo 'Headroom: how much head does your ConvNet need?'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

dashboard: $(APP) ## install what is needed, then open the dashboard
	@echo 'Starting the dashboard at http://localhost:8501, or the next port that is free; Ctrl-C stops it.'
	@$(PY) -m streamlit run dashboard.py --server.showEmailPrompt false

test: $(DEV) ## lint, format check, types and tests
	@echo 'Linting.'
	@$(PY) -m ruff check --no-cache .
	@echo 'Checking the format.'
	@$(PY) -m ruff format --check --no-cache .
	@echo 'Checking the types.'
	@$(PY) -m mypy
	@echo 'Testing$(if $(HEADROOM_LONG), with the longer checks,).'
	@$(PY) -m pytest -n 3 --dist loadgroup

test-all: export HEADROOM_LONG := 1
test-all: test ## the same with the longer checks

bench: $(DEV) ## run every benchmark; each prints one line of JSON
	@for file in benchmarks/[a-z]*.py; do \
		name=$$(basename "$$file" .py); \
		echo "Running the benchmark $$name."; \
		$(PY) -m "benchmarks.$$name" || exit 1; \
	done

# An interpreter that is absent, too old or dangling (the system's Python was replaced) makes the stamps void.
ifneq ($(shell $(PY) -c '$(FITS)' 2>/dev/null && echo fits),fits)
$(APP): unfit
endif
.PHONY: unfit
unfit:

$(APP): requirements.txt
	@if ! $(PY) -c '$(FITS)' 2>/dev/null || ! $(PY) -m pip --version >/dev/null 2>&1; then $(CREATE); fi
	@$(INSTALL)
	@touch $@

$(DEV): requirements-dev.txt requirements-login.txt $(APP)
	@$(INSTALL)
	@touch $@
