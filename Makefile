# The two commands: `make demo` and `make test`. README.md has their plain equivalents.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
LOWEST := $(VENV)/lowest

# A file of tests stays on one processor, for what its tests share.
SIDES  := --numprocesses logical --maxprocesses 4 --dist loadfile

.PHONY: demo test quick fuzz lint lowest readme lock clean help

help:
	@echo "make demo    from nothing to every picture, page and answer, on songs composed here"
	@echo "make test    all tests and checks"
	@echo "make quick   the everyday tests only"
	@echo "make fuzz    the long attacks: a thousand kills, five thousand mutated songs, a thousand damages"
	@echo "make lint    style and types only"
	@echo "make lowest  the everyday tests on the lowest allowed version of every dependency"
	@echo "make readme  write the README's derived tables and transcripts anew"
	@echo "make lock    write requirements.lock anew from the newest versions in range"
	@echo "make clean   remove .venv, the demo songs and everything computed from them"

demo: $(VENV)/.runtime
	$(PY) 01_feature_extraction.py --demo
	$(PY) 02_embedding_journey.py
	$(PY) 03_genre_classifier.py
	$(PY) 04_similarity_search.py genres
	$(PY) 04_similarity_search.py search "hidden voyage"
	$(PY) 04_similarity_search.py diverse "hidden voyage"
	$(PY) 04_similarity_search.py compare "hidden voyage" "sabbia magica"
	@echo
	@echo "Open outputs/html/index.html in a browser; ask more with: $(PY) 04_similarity_search.py"

test: lint
	$(PY) -m pytest $(SIDES)

quick: $(VENV)/.development
	$(PY) -m pytest $(SIDES) -m "not slow"

fuzz: $(VENV)/.development
	PYTHONPATH=.:tests $(PY) -m faults.campaign

lint: $(VENV)/.development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

readme: $(VENV)/.development
	$(PY) -m tests.readme

lowest: $(VENV)/.development
	$(PY) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile --quiet --resolution lowest-direct requirements-dev.txt --output-file $(LOWEST).txt
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --progress-bar off --requirement $(LOWEST).txt
	$(LOWEST)/bin/python -m pytest $(SIDES) -m "not slow"

lock: $(VENV)/.development
	$(PY) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --custom-compile-command "make lock" requirements-dev.txt --output-file requirements.lock

$(VENV)/.runtime: requirements.txt
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	# Of plotly only its JavaScript is used: 24 MB of compiled Python are left out.
	$(PY) -m pip install --quiet --no-compile --no-deps "$$(grep -o '^plotly[^ ]*' requirements.txt)"
	$(PY) -m pip install --progress-bar off --requirement requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements-formats.txt requirements-cluster.txt $(VENV)/.runtime
	$(PY) -m pip install --progress-bar off --requirement requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) data/demo data/processed data/store.sqlite* data/store.lock data/watch.lock outputs
