# Nothing is needed before these: Linux x86_64 and Python 3.11 to 3.13; an NVIDIA GPU is used if there.
.DEFAULT_GOAL := help
.PHONY: help quickstart smollm2 test check docs lock clean
.DELETE_ON_ERROR:

PYTHON ?= python3
ifndef MACHINE
MACHINE := $(shell nvidia-smi -L 2>/dev/null | grep -q GPU && echo gpu || echo cpu)
endif

# .venv holds two stamps. Their names carry the digest of what they were made from, so a change
# means another name: of the lock, Python or the folder, and .venv is built anew (minutes);
# of pyproject.toml alone, and only the project itself is installed again (seconds).
digest = $(shell { $(1); } 2>&1 | sha256sum | cut -c1-12)
LOCKED := .venv/locked-$(call digest,cat requirements/$(MACHINE).txt; $(PYTHON) -VV; pwd)
READY := .venv/ready-$(call digest,cat pyproject.toml)
BIN := .venv/bin

ifndef MAKE_TERMOUT
export NO_COLOR := 1
endif

help: ## this list
	@echo "make TARGET [MACHINE=cpu|gpu] [PYTHON=python3.12]"
	@sed -n 's/^\([a-z0-9]*\):.*## /  \1\t/p' Makefile | expand -t 14

quickstart: $(READY) ## from nothing to a distilled student, in runs/quickstart
	$(BIN)/factory run manifests/quickstart.yaml

# The recipe names the model as the Hub does: with the Hub, `factory run` alone does the same.
smollm2: $(READY) ## a real language model taught by its own accepted draws, in runs/smollm2
	hub=$$($(BIN)/python requirements/smollm2.py) && HF_HUB_OFFLINE=1 HF_HUB_CACHE=$$hub \
		$(BIN)/factory run manifests/smollm2.yaml

# xdist loses count of the groups of a worker that died, and waits for ever: such a run ends at once.
# What a test hangs at is told before it is ended, as its worker is lost with its output.
SIDE_BY_SIDE := -n 2 --dist loadgroup --max-worker-restart 0 -o faulthandler_timeout=240

test: check ## lint, types and all tests, with the real engine and trainers
	$(BIN)/pytest -q -m slow

check: $(READY) ## lint, types and the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyrefly check --python-interpreter-path $(BIN)/python
	$(BIN)/python requirements/lock.py --check
	$(BIN)/pytest -q $(SIDE_BY_SIDE) -m "not slow"

docs: $(READY) ## print into the pages what the code says of itself
	$(BIN)/factory schema > factory/recipe/recipe.schema.json
	$(BIN)/factory schema --manifest > factory/versions/manifest.schema.json
	$(BIN)/python docs/printed.py

lock: $(READY) ## pin again what pyproject.toml asks for, for CPU and GPU
	$(BIN)/python requirements/lock.py

clean: ## remove .venv, caches and build products; runs/ stays
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(LOCKED):
	@requirements/install.sh $(MACHINE) $(PYTHON) $@

$(READY): $(LOCKED)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f .venv/ready-* && touch $@
