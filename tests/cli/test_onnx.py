"""The example of the model files' page: both files run where nothing of this project is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.ops import append_functions
from ssnn_fpga.network.qonnx_import import load
from tests.network.qonnx_files import qonnx_of
from tests.random_networks import random_network

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
REFUSE = """
import sys, importlib.abc
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("ssnn_fpga", "quant_models", "qonnx", "brevitas", "torch"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Refuse())
"""
SAVE = """
np.savez("values.npz", frames=frames, logits=logits, **values)
"""


def test_both_files_run_under_onnxruntime_alone(run_cli: Callable[..., Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    network = random_network(rng, schedule=(3, 2), input_maximum=1)
    model, units = qonnx_of(network, rng)
    onnx.save(append_functions(model), tmp_path / "model.onnx")
    outcome = run_cli(
        "compile", tmp_path / "model.onnx", "--backend", "onnx", "--out", tmp_path / "model.int.onnx"
    )
    assert outcome.code == 0, outcome.err
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    program = REFUSE + example + SAVE
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    got = np.load(tmp_path / "values.npz")
    frames = got["frames"].astype(np.int64)[None]
    expected = run(load(tmp_path / "model.onnx"), frames)
    assert expected.logits.any()
    for name, values in expected.items():
        assert (got[name] == values[0]).all(), name
    np.testing.assert_array_equal(np.rint(got["logits"] / units["readout"]), run(network, frames).logits[0])
