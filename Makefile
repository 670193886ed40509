# Everything that is done here by hand or by CI; `make` lists it. Written for GNU make 3.81 too.

BIN := .venv/bin
# Of these, the first that is Python 3.11 or later makes .venv.
PYTHONS := $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
# Stamps: what stands in .venv, and since when.
TO_RUN := .venv/.to-run
TO_TEST := .venv/.to-test

# As on a server that others can reach, in a folder to throw away.
AS_IN_PRODUCTION = scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	export DEBUG=0 ALLOWED_HOSTS=tablee.example BASE_URL=https://tablee.example PROXIES=1 \
		DATA_DIR="$$scratch" DATABASE_URL="sqlite:///$$scratch/check.sqlite3" \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		FIELD_KEYS="$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" &&

TORTURE = $(BIN)/python -m tests.torture $(if $(ORDERS),--orders $(ORDERS)) $(if $(KILLS),--kills $(KILLS)) \
	$(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))
EVENING = $(BIN)/python -m tests.evening $(if $(SEED),--seed $(SEED))
SHORT = --whole-catalogue --registers 3 --kinds leo2,enregistreuse,tiller --faults 0.4 $(if $(SECONDS),,--seconds 180)

# Where nobody may write compiled code, each process of the tests compiles all of ours anew, and pytest its rewritten tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install server demo test bench torture torture-short evening evening-short check format screenshots messages lock audit clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: $(TO_TEST) ## set up .venv with all that runs and tests

server: $(TO_RUN) ## set up .venv with what runs and no more, a third of it

# What follows on the command line (PORT=8001) is in the environment of what runs here.
demo: $(TO_RUN) ## start a restaurant to try; LAN=1 for phones, RESET=1 anew, PORT=, REGISTER=, REGISTER_PORT=, RESTAURANT=
	@$(BIN)/python manage.py demo

# Four lanes on two cores, for half of the bridge's tests wait for a deadline: the checks and all tests on SQLite, and
# what touches the database on PostgreSQL as well. Deadlines of tests are a fiftieth of the real ones, so a busy machine
# may fail one: what failed is said, and run again when all is quiet; what fails twice has failed. The browser and the
# torture of what is broken on purpose, whether it finds it, come after the bridge, where there is room.
SQLITE = env -u DATABASE_URL $(BIN)/python -m pytest
POSTGRESQL = $(BIN)/python tests/postgres.py $(BIN)/python -m pytest -m "not browser and not pure and not once"
BRIDGE = tests/pos_bridge
SABOTAGE = tests/torture/test_sabotage.py
BROWSER = tests/browser
REST = --ignore $(BRIDGE) --ignore $(SABOTAGE) --ignore $(BROWSER)
FAILED = .pytest_cache/failed-
lane = $(1) -o cache_dir=.pytest_cache/$(2) || touch $(FAILED)$(2)
again = if [ -e $(FAILED)$(2) ]; then echo "== Again, what failed"; \
	$(1) -o cache_dir=.pytest_cache/$(2) --last-failed --last-failed-no-failures none; fi

test: install tools ## run every check and every test, on SQLite and on PostgreSQL
	@echo "== Checks, and tests on SQLite and PostgreSQL"
	@mkdir -p .pytest_cache && rm -f $(FAILED)*
	@$(BIN)/python tests/lanes.py \
		'$(call lane,$(SQLITE) $(REST),1)' -- \
		'$(MAKE) --no-print-directory check' '$(call lane,$(POSTGRESQL) $(REST),2)' -- \
		'$(call lane,$(SQLITE) $(BRIDGE),3)' '$(call lane,$(SQLITE) $(SABOTAGE),6)' -- \
		'$(call lane,$(POSTGRESQL) $(BRIDGE),4)' '$(call lane,$(SQLITE) $(BROWSER),5)'
	@$(call again,$(SQLITE) $(REST),1)
	@$(call again,$(POSTGRESQL) $(REST),2)
	@$(call again,$(SQLITE) $(BRIDGE),3)
	@$(call again,$(POSTGRESQL) $(BRIDGE),4)
	@$(call again,$(SQLITE) $(BROWSER),5)
	@$(call again,$(SQLITE) $(SABOTAGE),6)
	@$(MAKE) --no-print-directory torture-short
	@$(MAKE) --no-print-directory evening-short

torture: $(TO_TEST) ## kill, stop, cut and fill while diners order; ORDERS=, KILLS=, SEED=, SECONDS=, DATABASE=postgresql
	@$(TORTURE) $(if $(DATABASE),--database $(DATABASE))

# Three minutes on each database, with faults enough that every one of the catalogue comes. One after the other, for each
# takes both cores.
torture-short: $(TO_TEST)
	@for database in sqlite postgresql; do \
		echo "== Torture on $$database"; $(TORTURE) $(SHORT) --database $$database || exit 1; \
	done

evening: $(TO_TEST) ## play ten minutes of sixty tables, two hundred phones and five waiters; SECONDS=, SEED=, DATABASE=postgresql
	@$(EVENING) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(DATABASE),--database $(DATABASE))

evening-short: $(TO_TEST)
	@echo "== A minute of an evening"
	@$(EVENING) --seconds 60

bench: $(TO_TEST) ## measure how fast it is, into bench/latest.json; ONLY=carte,change, DATABASE=sqlite, GROWN=1 for big houses
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(DATABASE),--database $(DATABASE)) $(if $(GROWN),--grown)

.PHONY: tools
tools: $(TO_TEST)
	@echo "== Tools of the system"
	@$(BIN)/python tests/system_tools.py chromium firefox webkit xvfb playwright zbar postgresql gettext fonts strace

check: $(TO_TEST) ## check format, style, types, templates, migrations and a production set-up
	@echo "== Format and style"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "== Templates"
	@$(BIN)/djlint --lint --quiet templates ordering pos_bridge
	@echo "== Types"
	@$(AS_IN_PRODUCTION) $(BIN)/mypy ordering pos_bridge tests
	@echo "== Migrations"
	@$(AS_IN_PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "== Production set-up"
	@$(AS_IN_PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(TO_TEST) ## format the code, and mend what can be mended by itself
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

screenshots: $(TO_TEST) ## take every page and state of the demo restaurant as pictures into var/screenshots
	@$(BIN)/python -m tests.screenshots

# Without the date of the run and the numbers of the lines, only changed sentences show in a diff.
messages: $(TO_TEST) ## collect the sentences to translate, and compile the translations
	@$(BIN)/python tests/system_tools.py gettext
	@$(AS_IN_PRODUCTION) $(BIN)/python manage.py makemessages --locale fr \
		--add-location file --no-wrap --ignore tests --ignore var
	@for file in ordering/locale/*/LC_MESSAGES/django.po; do \
		sed '/^"POT-Creation-Date:/d' "$$file" > "$$file.new" && mv "$$file.new" "$$file" || exit 1; \
	done
	@$(AS_IN_PRODUCTION) $(BIN)/python -m tests.diner_messages
	@$(AS_IN_PRODUCTION) $(BIN)/python manage.py compilemessages \
		--locale fr --locale de --locale es --locale it --ignore .venv

lock: $(TO_TEST) ## pin requirements.in and requirements-dev.in anew; UPGRADE=1 takes newer versions
	$(LOCK) $(if $(UPGRADE),--upgrade) --output-file requirements.txt requirements.in
	$(LOCK) $(if $(UPGRADE),--upgrade) --output-file requirements-dev.txt requirements-dev.in

# A registry that keeps no list of weaknesses says so, package by package; only the count of those is printed.
audit: $(TO_TEST) ## look for known weaknesses in what is pinned (asks the network)
	@echo "== Known weaknesses of what is pinned"
	@$(BIN)/pip-audit --require-hashes --requirement requirements.txt > .venv/audit.txt 2>&1 || { cat .venv/audit.txt; exit 1; }
	@head -1 .venv/audit.txt
	@echo "Packages that could not be looked up here: $$(grep -c 'could not be audited' .venv/audit.txt)"

clean: ## remove .venv and the tools' caches; the data in var/ stays
	@echo "Removing .venv and caches"
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find ordering pos_bridge tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@for python in $(PYTHONS); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making .venv with $$python"; \
			$$python tests/system_tools.py venv && $$python -m venv --clear .venv && exit 0; \
			rm -rf .venv; exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or later is not here. Install it (Debian: apt-get install python3 python3-venv;" \
		"macOS: brew install python@3.11), or name it: make PYTHON=/path/to/python3.11" >&2; \
	exit 1

$(TO_RUN): requirements.txt .venv/bin/python
	@echo "Installing requirements.txt into .venv"
	@$(PIP_INSTALL) --requirement requirements.txt
	@touch $@

$(TO_TEST): requirements-dev.txt $(TO_RUN)
	@echo "Installing requirements-dev.txt into .venv"
	@$(PIP_INSTALL) --requirement requirements-dev.txt
	@touch $@
