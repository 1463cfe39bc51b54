# make demo        a first video: creates the environment, animates the sample character
# make test        creates the environment, runs the default tests
# make gates       format, lint, types, layers, dangerous calls
# make audit       asks PyPI for known vulnerabilities of what constraints.txt pins; needs the internet
# make test-slow, make test-shared    the tests that are left out by default
# make pictures    makes the documentation's pictures anew; ARGS="--weights runs/mini" with other weights
# make card        measures the embedded model anew and puts figures and picture into presets/mini.md
# make man         makes the manual page anew; docs/man/animatex.1
# make dist        wheel and sdist; DIST=path puts them elsewhere than into dist
# make docker, make docker-cuda       container images for a processor and for a GPU; ARGS="--no-cache"
# make clean       removes what these made, the environment included
#
# PYTHON=python3.12 make ...   uses another Python; VENV=path puts the environment elsewhere.

PYTHON ?= python3
VENV ?= .venv
DIST ?= dist
MARKERS ?=
WORKERS ?= logical
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
SOURCES := animatex animatex_cli benchmarks docs tests

.PHONY: demo test test-slow test-shared gates audit pictures card man dist docker docker-cuda clean

demo: $(VENV)/.installed
	@mkdir -p demo
	$(BIN)/animatex animate samples/character.png samples/dance.mp4 --out demo/character-dance.mp4 \
		--preview demo/contact-sheet.png --force
	@echo
	@echo "video:         $(CURDIR)/demo/character-dance.mp4"
	@echo "contact sheet: $(CURDIR)/demo/contact-sheet.png"

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist worksteal \
		$(if $(MARKERS),-m "$(MARKERS)") $(ARGS)

test-slow test-shared: test-%: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m $* $(ARGS)

gates: $(VENV)/.installed-dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive animatex animatex_cli

audit: $(VENV)/.installed-dev
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt $(ARGS)

pictures: $(VENV)/.installed
	$(BIN)/python docs/pictures.py $(ARGS)

card: $(VENV)/.installed
	$(BIN)/python -m benchmarks.embedded_model --sheet docs/images/mini-characters.jpg --page presets/mini.md $(ARGS)

man: $(VENV)/.installed
	$(BIN)/python -m animatex_cli.manual > docs/man/animatex.1

# The wheel is made from the sdist, by the build backend that constraints.txt says.
dist: $(VENV)/.installed-dev
	$(BIN)/python -m build --no-isolation --outdir $(DIST) $(ARGS)

docker:
	docker build --target cpu --tag animatex:cpu $(ARGS) .

docker-cuda:
	docker build --target cuda --tag animatex:cuda $(ARGS) .

clean:
	rm -rf $(VENV) demo dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing animatex and PyTorch into $(VENV); this takes a few minutes the first time"
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing animatex, PyTorch and the test tools into $(VENV); this takes a few minutes the first time"
	$(PIP) --editable '.[dev]'
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed; needs Python 3.11 or newer (PYTHON=... make)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) --version); needs Python 3.11 or newer (PYTHON=... make)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || \
		echo "note: MediaPipe has no wheel for $$($(PYTHON) --version), so no poses are found in videos without DWPose's files; Python 3.11 or 3.12 has all of it"
	$(PYTHON) -m venv $(VENV)
