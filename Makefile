# Everything that sets Mien up, runs it and checks it. `make run` and `make test` need only
# Python 3.11, git and make.

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMPS := .make
# pip lists every local index that lacks a package as a warning; what matters are its errors.
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check

export MIEN_DATA ?= $(CURDIR)/var
export PORT ?= 8000

.PHONY: run test check format schema fuzz bench bench-load clean

run: $(STAMPS)/run
	@exec $(PYTHON) manage.py up

test: $(STAMPS)/dev $(STAMPS)/system
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest tests --ignore=tests/services --ignore=tests/browser -n 2 --dist loadscope
	$(PYTHON) -m pytest tests/services -n 2 --dist loadfile
	$(PYTHON) -m pytest tests/browser -n 2 --dist loadfile

check: $(STAMPS)/dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports --no-cache
	git ls-files -z 'templates/**.html' | xargs -0 -r $(VENV)/bin/djade --check --target-version 5.2
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py check

format: $(STAMPS)/dev
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	git ls-files -z 'templates/**.html' | xargs -0 -r $(VENV)/bin/djade --target-version 5.2

# The committed copy of the OpenAPI document; a test fails when it is stale.
schema: $(STAMPS)/run
	$(PYTHON) manage.py spectacular --format openapi-json --file docs/openapi.json --validate

# Many more made-up requests than CI has time for.
fuzz: $(STAMPS)/dev
	MIEN_FUZZ_EXAMPLES=200 $(PYTHON) -m pytest tests/services/test_schemathesis.py -s

bench: $(STAMPS)/dev
	$(PYTHON) -m bench

bench-load: $(STAMPS)/dev
	$(PYTHON) -m bench.load

clean:
	rm -rf $(STAMPS) $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	@test -x $(PYTHON) || python3 -m venv $(VENV)
	@touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements.txt pyproject.toml
	@echo "Installing what Mien runs on (a minute or two) ..."
	@.ci/quiet $(PIP) -r requirements.txt
	@.ci/quiet $(PIP) --no-deps --editable .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/run requirements-dev.txt
	@echo "Installing what the tests need ..."
	@.ci/quiet $(PIP) -r requirements-dev.txt
	@touch $@

# Chromium, Redis and PostgreSQL for the tests that use the real ones. Where they cannot be
# installed the tests that need them are skipped and say so.
$(STAMPS)/system: .ci/system
	@.ci/system
	@touch $@
