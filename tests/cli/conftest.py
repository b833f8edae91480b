"""Runs the command line in this process, as the installed script would; a model that is quick to build."""

import json
import sys
from dataclasses import asdict, dataclass

import numpy as np
import onnx
import pytest

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Compression,
    Conv,
    Dense,
    Network,
    Neuron,
    Readout,
)
from tests.network.qonnx_files import qonnx_of


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def figures(self):
        """Standard output as the one JSON object that it must be."""
        return json.loads(self.out)


@pytest.fixture
def run_cli(monkeypatch, capfd):
    """run_cli("compile", model, ...) -> Outcome."""
    from ssnn_fpga.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ssnn-fpga", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def tiny_model(tmp_path):
    """A file of 2 x 2 pixels whose recordings are N-MNIST's."""
    rng = np.random.default_rng(8)
    network = Network(
        "tiny",
        Activation(2, 2, 2, 2, maximum=3),
        (
            Conv("conv", (NETWORK_INPUT,), rng.integers(-1, 2, (3, 2, 3, 3)), 2, padding=1),
            Neuron("lif", ("conv",), np.array([20, 30, 25]), np.array([3, 0, -2])),
            Dense("fc", ("lif",), rng.integers(-1, 2, (10, 12)), 2),
            Readout("readout", ("fc",), rng.integers(-9, 9, 10)),
        ),
    )
    model, _ = qonnx_of(network, rng)
    compression = Compression(34, 34, 2, 2, 300_000, spatial_factor=17)
    classes = [str(digit) for digit in range(10)]
    metadata = {"compression": json.dumps(asdict(compression)), "classes": json.dumps(classes)}
    onnx.helper.set_model_props(model, metadata)
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    return path
