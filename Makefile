# The two commands are `make demo` and `make test`; each does all the set-up it needs.
PY := .venv/bin/python
PYTEST := GRIDCOMMAND_TEST_REQUIRE_POSTGIS=1 GRIDCOMMAND_TEST_REQUIRE_BROWSER=1 GRIDCOMMAND_TEST_REPEATABLE=1 $(PY) -m pytest
# What failed is tried once more by itself: a machine that paused is not at fault, what fails twice is. Each part remembers in
# a place of its own, because three run side by side.
once_more = $(PYTEST) -o cache_dir=.pytest_cache/$@ $(1) || { test $$? -eq 1 && echo "== $@: what failed, once more by itself: what fails twice is at fault" && $(PYTEST) -o cache_dir=.pytest_cache/$@ $(1) --last-failed --last-failed-no-failures=none; }
.DEFAULT_GOAL := help
# One more than the cores that are counted on: the tests of outages wait most of their time.
SIDE_BY_SIDE := $(MAKE) --no-print-directory -j3 --output-sync=target
# The longest first, the short checks fill what they leave.
TESTS := tests-of-stores tests-of-parts tests-of-contracts
# Two browsers draw at a time: one alone leaves half a core idle, more would only wait for each other.
TWO_BROWSERS := $(MAKE) --no-print-directory -j2 --output-sync=target --keep-going
STORES := tests/contract/store tests/contract/dispatch tests/contract/test_kill_nine.py tests/contract/test_store_away.py
.PHONY: help setup demo test check unit types style browser-code tests-of-browser-code tests-of-parts tests-of-contracts tests-of-stores tests-in-browser tests-of-pages tests-of-desk tests-of-map coverage bench pictures soak lock clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: ## only the set-up: virtual environment, Python packages, browser bundle
	@deploy/setup.sh run
	@deploy/setup.sh bundle

demo: setup ## the demonstration district on http://127.0.0.1:8050
	@$(PY) app.py demo

test: ## set up everything, then all checks and tests
	@deploy/setup.sh test
	@echo "== checks, tests of the parts and of their contracts, side by side; each says what it found when it is done"
	@failed=; $(SIDE_BY_SIDE) --keep-going $(TESTS) types browser-code style tests-of-browser-code || failed=1; \
	$(MAKE) --no-print-directory tests-in-browser || failed=1; test -z "$$failed"

check: ## formatting, lint, types, import rules, TypeScript (after `make test` set things up)
	@$(SIDE_BY_SIDE) types style browser-code

unit: ## the tests alone (after `make test` set things up)
	@$(SIDE_BY_SIDE) $(TESTS) tests-of-browser-code
	@$(MAKE) --no-print-directory tests-in-browser

types:
	$(PY) -m mypy

style:
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports

browser-code:
	cd dashboard/browser && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent check

tests-of-browser-code:
	cd dashboard/browser && PATH="$(CURDIR)/.venv/bin:$$PATH" npm test --silent

tests-of-parts:
	$(call once_more,tests/unit)

tests-of-contracts:
	$(call once_more,tests/contract $(addprefix --ignore=,$(STORES)))

tests-of-stores:
	$(call once_more,$(STORES) tests/realdata)

tests-in-browser:
	@echo "== tests in the browser, two browsers at a time and nothing beside them"
	@$(TWO_BROWSERS) tests-of-pages tests-of-desk tests-of-map

tests-of-pages:
	$(call once_more,tests/browser/pages --ignore=tests/browser/pages/desk)

tests-of-desk:
	$(call once_more,tests/browser/pages/desk)

tests-of-map:
	$(call once_more,tests/browser/map)

coverage: ## the tests with branch coverage (twice as long)
	@deploy/setup.sh test
	$(PYTEST) --cov --cov-report=term:skip-covered

bench: ## speed, side by side with what one would use instead
	@deploy/setup.sh bench
	$(PY) -m bench

pictures: ## every page at every size in both languages, into docs/pictures/sizes (ONLY="wall desk": some of them)
	@deploy/setup.sh test
	$(PY) deploy/pictures.py $(ONLY)

soak: ## two hours of a watched wall: memory and reconnection
	@deploy/setup.sh test
	$(PY) -m bench.soak

lock: setup ## resolve the dependencies anew and pin them
	$(PY) deploy/lock.py

clean: ## remove what set-up made (the store in var/ stays)
	rm -rf .venv .setup dashboard/browser/node_modules dashboard/assets_built
