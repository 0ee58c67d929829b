PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python

.PHONY: demo test coverage lint bench faults clean

demo: $(VENV)/.installed  ## the whole way on one machine, from a sample bucket to syslog
	@$(RUN) index.py demo

test: $(VENV)/.installed-dev  ## the suite; what it skips it says at the end
	$(RUN) -m pytest -m "not large"

coverage: $(VENV)/.installed-dev  ## the suite, and which lines it has not run; nearly twice as long
	$(RUN) -m pytest -m "not large" --cov --cov-report=term

lint: $(VENV)/.installed-dev  ## ruff and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

bench: $(VENV)/.installed-dev  ## CPU per record beside rsyslogd and the floors of the same run, growth, workers: written to docs/performance.md
	$(RUN) -m bench --write docs/performance.md

faults: $(VENV)/.installed-dev  ## break everything around a load, for real: what was sent, what arrived, what was lost, what came twice
	$(RUN) -m faults

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Sluice needs Python 3.11 or newer; name one with: make PYTHON=python3.12 demo" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what requirements.txt names into $(VENV) ..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what requirements-dev.txt names into $(VENV) ..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.installed $@

clean:  ## remove what the other targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* rejects
