# The two commands: `make demo` and `make test`. README.md has their plain equivalents.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python

.PHONY: demo test quick lint lock clean help

help:
	@echo "make demo    from nothing to every picture, page and answer, on songs composed here"
	@echo "make test    all tests and checks"
	@echo "make quick   the everyday tests only"
	@echo "make lint    style checks only"
	@echo "make lock    write requirements.lock anew from the newest versions in range"
	@echo "make clean   remove .venv, the demo songs and everything computed from them"

demo: $(VENV)/.runtime
	$(PY) 01_feature_extraction.py --demo
	$(PY) 02_embedding_journey.py
	$(PY) 03_genre_classifier.py
	$(PY) 04_similarity_search.py genres
	@songs=$$($(PY) 04_similarity_search.py list --json | $(PY) -c "import json, sys; s = json.load(sys.stdin); print(s[0]['song_name'], s[-1]['song_name'], sep='\n')"); \
	first=$$(echo "$$songs" | head -n 1); last=$$(echo "$$songs" | tail -n 1); \
	set -x; \
	$(PY) 04_similarity_search.py search "$$first" && \
	$(PY) 04_similarity_search.py diverse "$$first" && \
	$(PY) 04_similarity_search.py compare "$$first" "$$last"
	@echo
	@echo "Open outputs/html/index.html in a browser; ask more with: $(PY) 04_similarity_search.py"

test: lint
	$(PY) -m pytest

quick: $(VENV)/.development
	$(PY) -m pytest -m "not slow"

lint: $(VENV)/.development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

lock: $(VENV)/.development
	$(PY) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile --quiet --upgrade --no-header requirements-dev.txt --output-file requirements.lock

$(VENV)/.runtime: requirements.txt
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --progress-bar off --requirement requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements-formats.txt $(VENV)/.runtime
	$(PY) -m pip install --progress-bar off --requirement requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) data/demo data/processed data/store.sqlite* data/store.lock outputs
