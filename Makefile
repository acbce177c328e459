# Two commands do everything: `make avatar PHOTO=...` and `make test`. Each makes the environment it needs.

PYTHON ?= python3
VENV ?= .venv
PHOTO ?= sample_assets/portrait.jpg
OUT ?= out
QUALITY ?= standard
BIN := $(VENV)/bin
BPY := .venv-bpy50
EXTENSIONS := $(patsubst %/,%,$(wildcard blender_addon*/))
NAME := $(basename $(notdir $(PHOTO)))

.PHONY: avatar extension test lint types wheel-test blender-test real-blender-test unit quick clean

avatar: $(VENV)/.build
	mkdir -p $(OUT)
	$(BIN)/headsmith build $(PHOTO) -o $(OUT)/$(NAME).avatar --quality $(QUALITY) --force --progress bar
	$(BIN)/headsmith render $(OUT)/$(NAME).avatar -o $(OUT)/$(NAME)-turntable.png --sheet turntable --size 256 --force
	$(BIN)/headsmith render $(OUT)/$(NAME).avatar -o $(OUT)/$(NAME)-expressions.png --sheet expressions --size 256 --force
	$(BIN)/headsmith export $(OUT)/$(NAME).avatar --format glb -o $(OUT)/$(NAME).glb --force
	$(BIN)/headsmith export $(OUT)/$(NAME).avatar --format ply -o $(OUT)/$(NAME).ply --force

# What to install in Blender: dist/headsmith-VERSION.zip. BLENDER=/path/to/blender takes the place of the bpy module.
extension:
ifdef BLENDER
	$(PYTHON) tools/build_extension.py --blender "$(BLENDER)" $(EXTENSIONS)
else
	tools/blender_env.sh 5.0.1 3.11 $(BPY)
	$(BPY)/bin/python tools/build_extension.py $(EXTENSIONS)
endif

# The tests come last, so that their closing line ends the output.
test: lint types wheel-test blender-test unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(BIN)/python -m pytest

quick: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not slow"

# The oldest and the newest Python that Blender has: 5.0 and 5.2, each in an environment of its own.
blender-test:
	tools/blender_test.sh 5.0.1 3.11
	tools/blender_test.sh 5.2.3 3.13

# Opt-in, as root on Debian: a whole Blender in FOLDER, with the extension installed as a user does it.
real-blender-test: extension
	tests/blender_addon/real_blender.sh "$(FOLDER)" dist/headsmith-$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml).zip

# The wheel, in an environment that has only what it declares, used once.
wheel-test: $(VENV)/.dev
	rm -rf build dist .env-wheel
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv .env-wheel
	.env-wheel/bin/pip install --quiet --constraint constraints.txt dist/*.whl
	.env-wheel/bin/headsmith validate sample_assets/portrait.avatar.zip
	.env-wheel/bin/headsmith export sample_assets/portrait.avatar.zip --format glb -o dist/portrait.glb --json
	.env-wheel/bin/headsmith build sample_assets/portrait.jpg -o dist/portrait.avatar; test $$? -eq 2
	.env-wheel/bin/headsmith info sample_assets/portrait.avatar.zip --json > dist/info.json
	.env-wheel/bin/pip install --quiet --constraint constraints.txt "$$(ls dist/*.whl)[formats]"
	.env-wheel/bin/headsmith export sample_assets/portrait.avatar.zip --format web -o dist/portrait --json
	rm -rf .env-wheel

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Headsmith needs Python 3.11 to 3.13; '$(PYTHON)' is another. Give PYTHON=python3.12 or the like."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.build: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[build,clip]'
	$(BIN)/python -m headsmith.splats.warm
	touch $@

$(VENV)/.dev: $(VENV)/.build
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[build,clip,dev]'
	touch $@

clean:
	rm -rf $(VENV) .venv-bpy* .env-wheel build dist $(OUT)
