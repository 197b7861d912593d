# make demo     answer the questions of an example notebook and write its page
# make lab      the same, then open JupyterLab on it
# make test     lint, types, layers, tests
# make escapes  all attempts to break out: refused where confined, working in the control run
# make soak     500 kernels in a row and 50 at once, with kills: nothing is left over
# make ipykernels  the versions of ipykernel that are admitted: a kernel starts with each
# make faults   a server killed, filled, crowded and stopped at any moment: nothing is lost or left over
# make hosts    the wheel under each of Jupyter's programs, any prefix and a proxy
# make fuzz     files damaged at random are read for an hour, or for SECONDS=60: nothing crashes, hangs or is lost
# make bench    what the reader gets right and what the product costs, each figure beside its yardstick
# make build    wheel and sdist into dist/
# make clean    remove what was made here, the environment included

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo lab test check escapes ipykernels soak faults hosts fuzz bench build clean browser
.DEFAULT_GOAL := demo

PYTHON ?= $(shell command -v python3.11 || command -v python3)
NOTEBOOK ?= examples/tour.ipynb
BIN := .venv/bin
IPYKERNELS := 6.31.0 7.0.1 7.1.0 7.2.0 7.3.0 7.4.0
EXTENSION := csvagent_jupyter/labextension/package.json
EXTENSION_SOURCES := $(wildcard labextension/src/* labextension/schema/*) labextension/package.json \
	labextension/yarn.lock labextension/tsconfig.json
INSTALLED := .venv/.installed
LINKED := .venv/share/jupyter/labextensions/csvagent-jupyter

export PATH := $(CURDIR)/$(BIN):$(PATH)
export UV_NO_PROGRESS := 1
export UV_SYSTEM_CERTS := true

demo: $(INSTALLED)
	python examples/run.py $(NOTEBOOK)

lab: demo
	jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(NOTEBOOK)

# Two at a time: most tests wait for a process of their own; the tests of a file share their servers.
test: check browser
	pytest -n 2 --dist loadfile

check: $(INSTALLED)
	ruff check
	ruff format --check
	mypy
	lint-imports --no-cache
	cd labextension && jlpm check

escapes: $(INSTALLED)
	pytest --timeout 600 tests/escapes_whole.py

# One folder for each, by the name that the sandbox may read libraries in, before the installed version on the path.
ipykernels: $(INSTALLED)
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	for version in $(IPYKERNELS); do \
		uv pip install --quiet --no-deps --target "$$folder/$$version/site-packages" "ipykernel==$$version"; \
		PYTHONPATH="$$folder/$$version/site-packages" CSVAGENT_TEST_IPYKERNEL=$$version \
			pytest -q tests/test_sandbox_ipykernel.py; \
	done

soak: $(INSTALLED)
	python -W ignore -m tests.soak

faults: $(INSTALLED)
	pytest --timeout 600 tests/server_faults_small.py tests/server_faults.py

hosts: $(INSTALLED)
	pytest --timeout 300 tests/server_hosts.py

fuzz: $(INSTALLED)
	python -W ignore -m tests.fuzz --seconds $(or $(SECONDS),3600)

bench: $(INSTALLED)
	python -m tests.benchmarks

build: $(INSTALLED)
	rm -rf dist csvagent_jupyter/labextension
	uv build --build-constraints constraints.txt

clean:
	rm -rf .venv build dist csvagent_jupyter/labextension labextension/lib labextension/node_modules \
		labextension/tsconfig.tsbuildinfo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.tools: constraints.txt
	@command -v node >/dev/null || { echo "Node.js 20 or newer is needed to build the JupyterLab part of a checkout."; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	uv pip install --quiet --constraints constraints.txt jupyter-builder
	touch $@

$(EXTENSION): .venv/.tools $(EXTENSION_SOURCES)
	cd labextension && jlpm install --immutable && jlpm build
	touch $@

# The build hook has nothing to do here, because the extension is built already; `develop` makes JupyterLab read it in
# place, so that the next build of it is seen without another install. Such a link goes before the next install, which
# would write through it into the built extension.
$(INSTALLED): pyproject.toml labextension/package.json .venv/.tools | $(EXTENSION)
	test ! -L $(LINKED) || rm $(LINKED)
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 uv pip install --quiet --constraints constraints.txt \
		--build-constraints constraints.txt --editable '.[test]'
	jupyter-builder develop --overwrite .
	touch $@

browser: $(INSTALLED)
	@if command -v chromium >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; \
	else \
		echo "The browser tests need Chromium. Install it, on Debian with: sudo apt-get install chromium fonts-dejavu-core"; \
		exit 1; \
	fi
