"""Bad input: one sentence that names the culprit, exit code 2, no traceback, nothing half-written."""

import shutil

import numpy as np
import onnx
import onnx.helper
import pytest

from ssnn_fpga.network.layers import Conv, Dense
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.folds import fold_space

RECIPE = """
name = "bad"
[compression]
sensor_height = 34
sensor_width = 34
window_us = 306000
bits = 2
[network]
schedule = {schedule}
layout = "4C3-MP2|4C3-MP2|4C3-MP2"
weight_bits = 4
[training]
epochs = 1
"""


def event(x=3, y=4, p=1, t=0):
    return bytes([x, y, (p << 7) | (t >> 16), (t >> 8) & 255, t & 255])


def refused(outcome, *culprits):
    """Exit code 2, one sentence on standard error naming every culprit, and nothing on standard output."""
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    sentences = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert len(sentences) == 1, outcome.err
    for culprit in culprits:
        assert culprit in sentences[0]
    return sentences[0]


@pytest.mark.parametrize(
    ("content", "culprit"),
    [
        (b"", "empty"),
        (event()[:3], "5"),
        (event(x=200), "200"),
        (event(t=900) + event(t=100), "100"),
    ],
    ids=["empty", "truncated", "outside the sensor", "time runs backwards"],
)
def test_bad_recording(run_cli, untrained_model, tmp_path, content, culprit):
    folder = tmp_path / "data" / "test" / "3"
    folder.mkdir(parents=True)
    (folder / "broken.bin").write_bytes(content)
    outcome = run_cli("evaluate", untrained_model, "--data", tmp_path / "data", "--json")
    refused(outcome, "broken.bin", culprit)


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        (RECIPE.format(schedule="[2, 4, 1]"), "schedule"),
        (RECIPE.format(schedule="[4, 2, 1]") + "warp_factor = 9\n", "warp_factor"),
        (RECIPE.format(schedule="[4, 2, 1]").replace("= 4\n[training]", "= 9\n[training]"), "weight_bits"),
        ("schedule = [", "bad.toml"),
    ],
    ids=["schedule increases", "unknown key", "bits out of range", "not TOML"],
)
def test_bad_recipe(run_cli, tmp_path, text, culprit):
    recipe = tmp_path / "bad.toml"
    recipe.write_text(text)
    outcome = run_cli("train", recipe, "--out", tmp_path / "run")
    refused(outcome, "bad.toml", culprit)
    assert not (tmp_path / "run").exists()


def test_unsupported_operator(run_cli, untrained_model, tmp_path):
    model = onnx.load(untrained_model)
    pool = next(node for node in model.graph.node if node.name == "pool2")
    pool.op_type = "Softplus"
    del pool.attribute[:]
    onnx.save(model, tmp_path / "strange.onnx")
    outcome = run_cli("compile", tmp_path / "strange.onnx", "--out", tmp_path / "design")
    refused(outcome, "Softplus", "pool2")
    assert not (tmp_path / "design").exists()


def test_a_file_that_is_no_model(run_cli, tmp_path):
    (tmp_path / "noise.onnx").write_bytes(np.random.default_rng(0).bytes(400))
    refused(run_cli("compile", tmp_path / "noise.onnx", "--out", tmp_path / "design"), "noise.onnx")
    refused(run_cli("compile", tmp_path / "absent.onnx", "--out", tmp_path / "design"), "absent.onnx")


@pytest.mark.parametrize(
    ("fold", "culprits"),
    [("conv1.pe=5", ("conv1", "5")), ("conv9.pe=4", ("conv9",)), ("conv1:pe:4", ("conv1:pe:4",))],
)
def test_bad_fold(run_cli, untrained_model, tmp_path, fold, culprits):
    outcome = run_cli("compile", untrained_model, "--out", tmp_path / "design", "--fold", fold)
    refused(outcome, *culprits)
    assert not (tmp_path / "design").exists()


def test_network_too_large_for_the_board(run_cli, untrained_model, tmp_path):
    """Every fold at its widest is far more than any board here has."""
    network = load(untrained_model)
    edge_of = edges(network)
    flags = []
    for layer in network.layers:
        if isinstance(layer, Conv | Dense):
            space = fold_space(layer, edge_of[layer.inputs[0]])
            flags += ["--fold", f"{layer.name}.pe={space.outputs}"]
            flags += ["--fold", f"{layer.name}.simd={space.inputs}"]
            flags += ["--fold", f"{layer.name}.tp={space.planes}"]
    outcome = run_cli("compile", untrained_model, "--out", tmp_path / "design", "--board", "ulx3s", *flags)
    refused(outcome, "ulx3s")
    assert not (tmp_path / "design").exists()


def test_missing_tool(run_cli, untrained_model, tmp_path, monkeypatch):
    design = tmp_path / "design"
    assert run_cli("compile", untrained_model, "--out", design).code == 0
    data = tmp_path / "data" / "test" / "3"
    data.mkdir(parents=True)
    (data / "fine.bin").write_bytes(event(t=1) + event(t=2))
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = run_cli("simulate", design, "--data", tmp_path / "data", "--samples", 1)
    sentence = refused(outcome)
    assert any(tool in sentence for tool in ("make", "g++", "perl"))


def test_unknown_names(run_cli, untrained_model, tmp_path):
    refused(run_cli("compile", untrained_model, "--out", tmp_path / "d", "--board", "arty"), "arty", "ulx3s")
    refused(run_cli("evaluate", untrained_model, "--engine", "abacus"), "abacus", "golden")
    refused(run_cli("simulate", tmp_path), tmp_path.name)
    refused(run_cli("export", tmp_path), tmp_path.name)
    refused(run_cli("report", tmp_path), "report.json")
    refused(run_cli("evaluate", untrained_model, "--data", tmp_path / "nowhere"), "nowhere")


def test_flows(run_cli, untrained_model, tmp_path):
    """A flow that a board has not, one whose tools are not here, and what goes to another machine."""
    design = tmp_path / "design"
    assert run_cli("compile", untrained_model, "--board", "kv260", "--out", design).code == 0
    refused(run_cli("bitstream", design, "--flow", "quartus"), "kv260", "quartus", "vivado, auto")
    if shutil.which("vivado") is None:
        refused(run_cli("bitstream", design), "vivado", "settings64.sh", "bitstream/bundle", "sh run.sh")
    assert not (design / "bitstream" / "manifest.json").exists()
    outcome = run_cli("bitstream", design, "--out", tmp_path / "out", "--bundle", "--json")
    assert outcome.code == 0
    assert outcome.figures["bundle"] == str(tmp_path / "out" / "bundle")
    assert (tmp_path / "out" / "bundle" / "run.sh").is_file()
    flows = run_cli("doctor", "--json").figures["flows"]
    assert {"kv260", "pynq-z2", "alveo-u50", "ulx3s"} <= {flow["board"] for flow in flows}
    assert all(not flow["missing"] for flow in flows if flow["chosen"])


def test_a_class_that_the_model_does_not_know(run_cli, untrained_model, tmp_path):
    folder = tmp_path / "data" / "test" / "zebra"
    folder.mkdir(parents=True)
    (folder / "one.bin").write_bytes(event(t=1))
    refused(run_cli("evaluate", untrained_model, "--data", tmp_path / "data"), "zebra")
