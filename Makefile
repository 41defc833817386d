# Everything Chandlery does from a checkout. `make` alone lists it.
# Each step leaves a stamp in its environment, so that nothing is done twice.

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

BIN := .venv/bin
FRONTEND := $(BIN)/python scripts/frontend.py
BROWSER ?= 1
# Twice the processors: the tests wait for clocks and servers half their time.
WORKERS ?= $(shell expr 2 \* $$(nproc))

# An environment that was moved, has lost its Python or was left half made is made anew.
$(foreach env,.venv .venv-foreign .venv-freqtrade .venv-peers, \
  $(if $(subst $(CURDIR) $(realpath $(env)/bin/python),,$(file <$(env)/.made-for)), \
    $(shell rm -f $(env)/.made-for)))

# What docs/reliability.md tells of.
TRIALS := tests/torture tests/schedule/test_thirty_days.py tests/schedule/test_outages.py tests/store/test_fold_crashes.py \
  tests/store/test_two_tiers.py tests/collect/test_backfill_interrupted.py tests/collect/test_importing_recorded.py \
  tests/collect/test_csv_kept.py tests/web/test_schema.py tests/web/test_hostile_names.py tests/web/test_access.py \
  tests/web/test_sessions.py tests/web/test_csrf.py tests/web/test_headers.py tests/test_deploy.py

.PHONY: help setup setup-test page up demo test torture quick check bench wheel lock clean

help: ## List what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: page .venv/.package ## Set up the program in .venv and build its page.

up: setup ## Collect the candles of the settings, serve the page and keep both current.
	@$(BIN)/chandlery up $(ARGS)

demo: setup ## The same against the built-in sandbox exchange, in a data folder of its own.
	@$(BIN)/chandlery demo $(ARGS)

setup-test: setup .venv/.dev .venv-foreign/.foreign ## Set up what the tests need as well; BROWSER=0 leaves Chromium out.
ifneq ($(BROWSER),0)
	@scripts/chromium.sh > .venv/.chromium
endif

test: setup-test check ## Set everything up and run every check and test; BROWSER=0 leaves Chromium out.
	@$(FRONTEND) npm run check
	@$(FRONTEND) npm test
	@CHROMIUM="$$(cat .venv/.chromium 2>/dev/null)" $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

torture: setup-test ## Try faults, crashes, load and attackers at full length: some three hours; ARGS goes to pytest.
	@TORTURE=1 CHROMIUM="$$(cat .venv/.chromium 2>/dev/null)" $(BIN)/pytest -n 2 --dist loadfile \
	  -o faulthandler_timeout=14400 $(TRIALS) $(ARGS)

quick: setup .venv/.dev ## Run the tests that a minute is enough for: no server, browser or other environment.
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not browser" $(ARGS)

check: setup .venv/.dev ## Check style, types and architecture.
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/test_architecture.py

bench: setup .venv/.dev .venv-foreign/.foreign .venv-freqtrade/.freqtrade .venv-peers/.peers ## Measure Chandlery beside other clients.
	@$(BIN)/python -m bench $(ARGS)

wheel: setup ## Build dist/*.whl, page included.
	@rm -f dist/*.whl
	@$(BIN)/python -m hatchling build -t wheel

lock: .venv/.run ## Pin the dependencies again; ARGS=--upgrade takes the newest.
	@scripts/install.sh .venv requirements/lock.txt
	@scripts/lock.sh $(ARGS)

clean: ## Remove everything that was set up or built; collected data stays.
	rm -rf .venv .venv-foreign .venv-freqtrade .venv-peers bench/.cache frontend/node_modules src/chandlery/web/static dist build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

page: .venv/.run
	@$(FRONTEND) build

.venv/.made-for .venv-foreign/.made-for .venv-freqtrade/.made-for .venv-peers/.made-for: %/.made-for: \
  scripts/venv.sh requirements/build.txt
	@scripts/venv.sh $*

.venv/.run: .venv/.made-for requirements/run.txt
	@scripts/install.sh .venv requirements/run.txt
	@touch $@

.venv/.package: .venv/.run pyproject.toml hatch_build.py | page
	@$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	@scripts/install.sh .venv requirements/dev.txt
	@touch $@

.venv-foreign/.foreign: .venv-foreign/.made-for requirements/foreign.txt
	@scripts/install.sh .venv-foreign requirements/foreign.txt
	@touch $@

.venv-freqtrade/.freqtrade: .venv-freqtrade/.made-for requirements/freqtrade.txt
	@scripts/install.sh .venv-freqtrade requirements/freqtrade.txt
	@touch $@

.venv-peers/.peers: .venv-peers/.made-for requirements/peers.txt
	@scripts/install.sh .venv-peers requirements/peers.txt
	@touch $@
