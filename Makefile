# Every target sets up what it needs; nothing is written outside this folder
# but the distribution's packages for the tests (PostgreSQL, Chromium, npm).
.PHONY: help demo test check bench wheel reference lock clean

help:            ## what can be made
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## */\t/'

demo:            ## a town of simulated devices, the service and its pages, until Ctrl-C
	@scripts/setup run
	@.venv/bin/lineman demo

test:            ## all tests, with PostgreSQL and a real browser
	@scripts/setup dev system
	@scripts/test $(ARGS)

check:           ## format, lint, types, import contracts, dependencies
	@scripts/setup dev
	@scripts/check

bench:           ## the figures of docs/benchmarks.md, against bare clients in the same run
	@scripts/setup dev system
	@scripts/bench $(ARGS)

wheel:           ## build the wheel, install it into an empty environment, run it
	@scripts/setup dev
	@scripts/wheel

reference:       ## write docs/reference from the code
	@scripts/setup dev
	@.venv/bin/python scripts/reference.py

lock:            ## resolve the dependencies anew
	@scripts/setup dev
	@scripts/lock

clean:           ## forget everything that was built
	rm -rf .venv .tools .editable dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis src/adapters/http/static/vendor
