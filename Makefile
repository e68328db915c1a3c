# Every target works in a fresh clone: the first one called makes the virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
# pip reads file:// and https:// indexes alike; the constraints file keeps torch to the small build.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

export FLUXKIT_HOSTED := 0
export HF_HUB_OFFLINE := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: demo test lab lint bench kernels clean

demo: $(READY)  ## Shoot eight frames on the embedded model and name the contact sheet.
	@$(BIN)/python examples/first_sheet.py

test: $(READY)  ## Every test, the notebooks included.
	$(BIN)/python -m pytest
	FLUXKIT_QUIET=1 $(BIN)/python -m pytest --nbval notebooks -p no:cacheprovider

lab: $(READY)  ## The notebooks in JupyterLab.
	$(BIN)/python -m jupyterlab notebooks

lint: $(READY)  ## Style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## The benchmarks of docs/benchmarks.md that need no GPU and take a few minutes, each beside its peer.
	$(INSTALL) -e '.[bench]'
	@failed=; for run in engine flops activations prompts sheets "catalogue --frames 10000 --pngs 100"; do \
		set -- $$run; echo "== bench/$$1.py"; file=$$1; shift; \
		PYTHONPATH=. $(BIN)/python bench/$$file.py "$$@" || failed="$$failed $$file"; \
	done; test -z "$$failed" || { echo "a bound does not hold in:$$failed"; exit 1; }

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fluxkit needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	$(INSTALL) -e '.[local,hosted,provenance,ray,test]'
	$(INSTALL) --no-deps blackforest==0.1.3  # its own pin of Pillow is old; only its input models are compared with
	@touch $@

KERNELS := 6.31.0 7.0.1 7.3.0 7.4.0
kernels: $(READY)  ## Cancelling while a cell runs, on each supported ipykernel, in a real JupyterLab.
	for one in $(KERNELS); do $(INSTALL) --no-deps --upgrade --target build/kernels/$$one ipykernel==$$one || exit 1; done
	FLUXKIT_KERNELS=$(subst $(eval) ,:,$(addprefix $(CURDIR)/build/kernels/,$(KERNELS))) $(BIN)/python -m pytest tests/browser/test_kernels.py

clean:
	rm -rf $(VENV)
