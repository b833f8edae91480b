"""The whole way in one command, on a short training: every promised file, every engine, no mismatch.

Uses real N-MNIST where this machine has it and the emulated digits otherwise; both are run
where both can be, and the test's name says which it used.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import quant_models
from ssnn_fpga.events.emulated import emulated_digits
from ssnn_fpga.events.recording import write_recording

ENGINES = {"torch", "golden", "onnxruntime", "rtl"}
SHORT = 3  # epochs: enough to be well above chance, far from the demo's accuracy


def ssnn_fpga(*arguments):
    command = [sys.executable, "-m", "ssnn_fpga", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def short_recipe(tmp_path_factory):
    bundled = (Path(quant_models.__file__).parent / "recipes" / "nmnist.toml").read_text()
    lines = [f"epochs = {SHORT}" if line.startswith("epochs") else line for line in bundled.splitlines()]
    path = tmp_path_factory.mktemp("recipe") / "short.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def emulated(tmp_path_factory):
    """The emulated digits as a folder of files, with fewer tests than the demo makes."""
    root = tmp_path_factory.mktemp("emulated")
    recordings = emulated_digits(train=1000, test=30, seed=0)
    for split in recordings.splits:
        for entry in recordings.entries(split):
            path = root / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(write_recording(entry.read()))
    return root


@pytest.fixture(scope="module", params=["N-MNIST", "emulated"])
def demo(request, short_recipe, tmp_path_factory, real_nmnist):
    """Folder of a finished demo, its data, and its printed figures."""
    if request.param == "N-MNIST" and real_nmnist is None:
        pytest.skip("no real N-MNIST on this machine; the emulated digits run instead")
    data = real_nmnist if request.param == "N-MNIST" else request.getfixturevalue("emulated")
    out = tmp_path_factory.mktemp("demo") / "out"
    result = ssnn_fpga("demo", "--out", out, "--data", data, "--recipe", short_recipe, "--json")
    assert result.returncode == 0, result.stderr
    return out, data, json.loads(result.stdout)


def test_demo_writes_what_scripts_rely_on(demo):
    out, _, printed = demo
    report = json.loads((out / "report.json").read_text())
    assert report == printed
    assert set(report["accuracy"]) == set(report["mismatches"]) == ENGINES
    assert report["mismatches"] == dict.fromkeys(ENGINES, 0)
    assert len(set(report["accuracy"].values())) == 1
    assert all(count > 1_000_000 for count in report["values_compared"].values())
    assert report["samples"] >= 30
    assert report["cycles_per_sample"] > 0
    assert report["resources"]
    assert report["data"]
    for name in (
        "model.onnx",
        "model.int.onnx",
        "report.html",
        "design/plan.json",
        "design/rtl/accelerator.sv",
    ):
        assert (out / name).stat().st_size > 100, name
    assert report["accuracy"]["golden"] > 0.25, "three epochs reach well above chance, which is 0.1"


def test_every_engine_predicts_the_same_classes(demo):
    out, data, report = demo
    outcomes = {}
    for engine in sorted(ENGINES):
        source = out / "run" if engine == "torch" else out / "model.onnx"
        result = ssnn_fpga("evaluate", source, "--data", data, "--engine", engine, "--json")
        assert result.returncode == 0, result.stderr
        outcomes[engine] = json.loads(result.stdout)
    for engine, outcome in outcomes.items():
        assert outcome["engine"] == engine
        assert outcome["paths"] == sorted(outcome["paths"])
        assert len(outcome["classes"]) == outcome["samples"] == report["samples"]
        assert outcome["classes"] == outcomes["golden"]["classes"]
        assert outcome["accuracy"] == report["accuracy"][engine]


def test_simulate_compares_every_layer(demo):
    out, data, _ = demo
    result = ssnn_fpga("simulate", out / "design", "--data", data, "--samples", 5, "--per-layer", "--json")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert figures["mismatches"] == 0
    assert set(figures["layers"]) >= {"conv1", "lif1", "pool1", "shrink1", "fc", "readout"}
    assert all(layer["values"] > 0 for layer in figures["layers"].values())


def test_simulate_fails_when_the_hardware_is_wrong(demo, tmp_path):
    """One weight bit flipped in the memory image must be seen, located, and end in exit code 1."""
    import shutil

    out, data, _ = demo
    design = tmp_path / "design"
    shutil.copytree(out / "design", design)
    image = next(path for path in sorted((design / "rtl").glob("*.hex")) if "conv2" in path.name)
    lines = image.read_text().splitlines()
    lines[0] = f"{int(lines[0], 16) ^ 1:0{len(lines[0])}x}"
    image.write_text("\n".join(lines) + "\n")
    result = ssnn_fpga("simulate", design, "--data", data, "--samples", 3, "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["mismatches"] > 0
    assert "layer conv2, sample 0, timestep" in " ".join(result.stderr.split())


def test_a_subset_of_classes_and_a_test_split_alone(demo, tmp_path):
    """Class folders that the model knows by other numbers than their order here, and no train split."""
    out, _, _ = demo
    recordings = emulated_digits(train=10, test=30, seed=3)
    chosen = [entry for entry in recordings.entries("test") if entry.label in ("7", "9")]
    for entry in chosen:
        path = tmp_path / "data" / "test" / entry.label / Path(entry.path).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write_recording(entry.read()))
    result = ssnn_fpga("evaluate", out / "model.onnx", "--data", tmp_path / "data", "--json")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert set(figures["labels"]) <= {7, 9}
    assert figures["samples"] == len(chosen) > 0
