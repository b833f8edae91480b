"""FINN from the command line, and the examples of its page in FINN's own environment."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssnn_fpga.backends.finn import environment
from tests.backends.test_finn import needs_finn

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "finn.md"
_CHECK = """
from ssnn_fpga.golden.engine import run as golden
from ssnn_fpga.network.qonnx_import import load
frames = sample.transpose(1, 0, 4, 2, 3).astype(int)
expected = golden(load(Path("model.onnx")), frames)["readout"]
assert (logits == expected).all(), (logits, expected)
assert {path.suffix for path in Path("lif").iterdir()} == {".sv", ".v", ".mem"}
"""


@needs_finn
def test_command_line_compares(tiny_model: Path, run_cli: Callable[..., Any]) -> None:
    """On what recordings there are; emulated digits stand in for real ones."""
    options = ("--backends", "finn,onnxruntime", "--samples", 3, "--json")
    outcome = run_cli("compare", tiny_model, *options)
    assert outcome.code == 0, outcome.err
    figures = outcome.figures["backends"]["finn"]
    assert figures["mismatches"] == 0
    assert figures["values_compared"] == outcome.figures["backends"]["onnxruntime"]["values_compared"]
    assert figures["interval"]["origin"] == "estimated by FINN and us"
    assert figures["state_bits"]["value"] > 0
    assert "latency" not in figures


@needs_finn
def test_command_line_compiles(tiny_model: Path, run_cli: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "finn"
    compiled = run_cli("compile", tiny_model, "--backend", "finn", "--out", out, "--json")
    assert compiled.code == 0, compiled.err
    assert compiled.figures["board"] == "pynq-z2"
    nodes = {node["name"]: node for node in compiled.figures["nodes"]}
    assert nodes["LIF_rtl_0"]["by"] == "ssnn-fpga"
    assert (out / "hdl" / "LIF_rtl_0" / "LIF_rtl_0.v").is_file()
    assert (out / "report" / "estimate_layer_resources.json").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "finn"}


@pytest.mark.parametrize(
    ("board", "culprits"), [("ulx3s", ("AMD", "pynq-z2")), ("pynq-z2", ("is missing", "make finn"))]
)
def test_command_line_refuses(
    tiny_model: Path,
    run_cli: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    board: str,
    culprits: tuple[str, ...],
) -> None:
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "none"))
    for arguments in (
        ("compile", "--backend", "finn", "--out", tmp_path / "finn"),
        ("compare", "--backends", "finn"),
    ):
        command, *options = arguments
        outcome = run_cli(command, tiny_model, *options, "--board", board)
        assert outcome.code == 2
        assert "Traceback" not in outcome.err
        (sentence,) = (line for line in outcome.err.splitlines() if line.startswith("error: "))
        assert all(culprit in sentence for culprit in culprits)
        assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


@needs_finn
def test_examples_of_the_documentation(tiny_model: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(blocks) == 2
    script = tmp_path / "script.py"
    script.write_text("\n".join([*blocks, _CHECK]))
    result = subprocess.run(
        [environment.python().absolute(), script.name],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-3000:]
