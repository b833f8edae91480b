# Two commands do everything: `make demo` and `make test`. Each sets up its own environment first.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BUILD  := build
FINN   := .finn
BOARD  ?= ulx3s
MODEL  ?= $(BUILD)/demo/model.onnx
DATA   ?=
JOBS   ?= 2

.PHONY: setup demo test long-stalls lint bitstream toolchain formal coverage mutation benchmarks finn clean

setup: $(VENV)/.ready

# torch comes first and pinned: left to a dependency, pip takes the newest build with gigabytes of CUDA.
# Norse, which tests read NIR with, asks for torchvision for its examples, and that may not fit this torch.
$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --no-deps norse==1.1.0
	touch $@

demo: setup
	$(BIN)/ssnn-fpga demo --out $(BUILD)/demo $(if $(DATA),--data $(DATA))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup lint
	$(BIN)/python -m pytest -n $(JOBS)

# The sinks of the benches that hang do so for a million cycles.
long-stalls: setup
	SSNN_FPGA_STALL=1000000 $(BIN)/python -m pytest -n $(JOBS) tests/hardware -k "hanging or stream_gate"

# The demo's model is trained only when no model is named and none is there yet.
$(BUILD)/demo/model.onnx:
	$(MAKE) demo

# Models of the benchmarks, by the name of their recipe.
$(BUILD)/%/model.onnx: | setup
	$(BIN)/ssnn-fpga train $* --out $(BUILD)/$*/run $(if $(DATA),--data $(DATA))
	$(BIN)/ssnn-fpga export $(BUILD)/$*/run --out $@

bitstream: setup $(MODEL)
	$(BIN)/ssnn-fpga compile $(MODEL) --board $(BOARD) --out $(BUILD)/$(BOARD)/design
	$(BIN)/ssnn-fpga bitstream $(BUILD)/$(BOARD)/design --out $(BUILD)/$(BOARD)

# Place and route for pynq-z2, out of Debian's packages, into .toolchain: no root, no change of the system.
toolchain: setup
	$(BIN)/ssnn-fpga toolchain

# Every proof of hw/formal, and every seeded fault that one of them must refute.
formal: setup
	$(BIN)/python -m tests.formal.proofs

# Functional coverage, then Verilator's line and toggle coverage of hw/rtl, by the benches.
coverage: setup
	$(BIN)/python -m benchmarks.coverage --jobs $(JOBS)

mutation: setup
	$(BIN)/python -m benchmarks.mutation --jobs $(JOBS)

benchmarks: setup
	$(BIN)/python -m benchmarks

# FINN+, the back end and what is compared with it, in its own environment: its package would exchange torch, so
# what it needs comes first and itself without dependencies. It needs Python 3.11.
finn: $(FINN)/.ready

$(FINN)/.ready:
	$(PYTHON) -m venv $(FINN)
	$(FINN)/bin/python -m pip install --quiet torch==2.13.0
	$(FINN)/bin/python -m pip install --quiet qonnx==1.0.0 onnx==1.21.0 onnxruntime==1.25.1 protobuf==5.29.6 \
	  'bitstring<4.4' 'click<9' 'cmake<4.1' 'mashumaro[yaml]<4' 'matplotlib<3.11' mip==1.17.0 onnx-passes \
	  'pandas<2.4' pybind11==3.0.1 'pydantic>2' 'rich<14' 'scikit-learn<1.8' 'scipy<1.18' 'termcolor<3' psutil
	$(FINN)/bin/python -m pip install --quiet --no-deps finn-plus==1.6.1
	touch $@

clean:
	rm -rf $(BUILD)
