"""hls4ml from the command line, and the example of its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssnn_fpga.golden.engine import run

DOCS = Path(__file__).parents[2] / "docs" / "hls4ml.md"


def test_command_line_evaluates(tiny_model: Path, run_cli: Callable[..., Any]) -> None:
    """On what recordings there are; emulated digits stand in for real ones."""
    evaluated = {}
    for name in ("golden", "hls4ml"):
        outcome = run_cli("evaluate", tiny_model, "--engine", name, "--samples", 6, "--json")
        assert outcome.code == 0, outcome.err
        evaluated[name] = outcome.figures["classes"]
    assert len(evaluated["golden"]) == 6
    assert evaluated["hls4ml"] == evaluated["golden"]


def test_command_line_compiles(tiny_model: Path, run_cli: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "hls"
    options = ("--io-type", "io_parallel", "--json")
    compiled = run_cli("compile", tiny_model, "--backend", "hls4ml", "--out", out, *options)
    assert compiled.code == 0, compiled.err
    assert compiled.figures["board"] == "pynq-z2"
    assert "xc7z020clg400-1" in (out / "project.tcl").read_text()
    assert set(compiled.figures["reuse"]) == {"conv", "fc"}


@pytest.mark.parametrize(
    ("arguments", "culprits"),
    [
        (("--hls-backend", "Catapult"), ("Catapult", "Vitis")),
        (("--hls-backend", "Quartus"), ("Quartus", "Vitis")),
        (("--io-type", "io_serial"), ("io_serial", "io_stream")),
        (("--board", "ulx3s"), ("AMD", "pynq-z2")),
    ],
)
def test_command_line_refuses(
    tiny_model: Path,
    run_cli: Callable[..., Any],
    tmp_path: Path,
    arguments: tuple[str, ...],
    culprits: tuple[str, ...],
) -> None:
    outcome = run_cli("compile", tiny_model, "--backend", "hls4ml", "--out", tmp_path / "hls", *arguments)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    (sentence,) = (line for line in outcome.err.splitlines() if line.startswith("error: "))
    assert all(culprit in sentence for culprit in culprits)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_examples_of_the_documentation(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), names)
    network = names["network"]
    expected = run(network, names["frames"])["readout"]
    assert (names["logits"] == expected).all()
