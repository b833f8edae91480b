"""Commands for networks of other frameworks, early exits, and the energy account."""

import json
from dataclasses import replace

import nir
import numpy as np
import pytest

from ssnn_fpga.cli import evaluation
from ssnn_fpga.events.recording import write_recording
from ssnn_fpga.network.layers import Compression, EarlyExit
from ssnn_fpga.network.qonnx_export import to_qonnx
from ssnn_fpga.network.qonnx_import import load
from tests.cli.test_bad_input import refused
from tests.events.places import some_events
from tests.events.test_images import mnist
from tests.golden.test_early_exit import shrinking
from tests.interchange.networks import FRAME, integer_network, snntorch_network, write

SENSOR = FRAME[1:]


def recordings(folder, splits=("train", "test")):
    """Two classes of recordings of the networks' sensor."""
    random = np.random.default_rng(0)
    for split in splits:
        for number in range(8):
            file = folder / split / str(number % 5) / f"{number}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(write_recording(some_events(random, 600, SENSOR)))
    return folder


def save(network, path, **changes):
    path.write_bytes(to_qonnx(replace(network, **changes)).SerializeToString())
    return path


def test_a_snntorch_network_becomes_a_model_and_a_nir_file_again(run_cli, tmp_path):
    data = recordings(tmp_path / "data")
    file = write(snntorch_network(0, grid=None, beta=0.9), tmp_path / "net.nir")
    model = tmp_path / "net.onnx"
    options = ("--timesteps", 4, "--sensor", *SENSOR, "--bits", 2, "--samples", 5)
    outcome = run_cli("import", file, "--out", model, "--data", data, *options, "--json")
    assert outcome.code == 0, outcome.err
    figures = json.loads(outcome.out)
    assert figures["samples"] == 5
    assert figures["agreement"] > 0.5
    assert set(figures["rounded_leaks"]) == {"1", "4", "7"}
    assert "The leak of 1, 0.900000, is on no grid of the hardware; it became 0.898438" in outcome.err
    network = load(model)
    assert network.compression == Compression(*SENSOR, 4, 2, 306_000)
    assert network.classes == tuple("01234")
    evaluated = run_cli("evaluate", model, "--data", data, "--engine", "onnxruntime", "--json")
    work = json.loads(evaluated.out)["synaptic_work"]
    assert 0 < work["energy_uj"] < work["energy_without_spikes_uj"] * 4
    assert "µJ by convention" in evaluated.err
    # neurons of 0.898438 need more digits than NIR's readers have
    refused(run_cli("export", model, "--nir", "--out", tmp_path / "again.nir"), "230/256")
    assert not (tmp_path / "again.nir").exists()


def test_images_calibrate_a_network_of_images(run_cli, tmp_path):
    """Direct encoding: the model has no compression, and its first layer multiplies."""
    data = f"images:{mnist(tmp_path / 'mnist')}"
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array((1, 28, 28))}),
        nir.Flatten({"input": np.array((1, 28, 28))}, 0, -1),
        nir.Linear(np.random.default_rng(0).normal(0, 1e-3, (4, 784))),
        nir.Output({"output": np.array((4,))}),
    )
    nir.write(tmp_path / "net.nir", graph)
    model = tmp_path / "net.onnx"
    outcome = run_cli(
        "import", tmp_path / "net.nir", "--out", model, "--data", data, "--timesteps", 2, "--sensor", 28, 28
    )
    assert outcome.code == 0, outcome.err
    network = load(model)
    assert network.compression is None
    assert network.input.maximum == 255
    evaluated = json.loads(run_cli("evaluate", model, "--data", data, "--json").out)
    assert evaluated["samples"] == 2
    assert evaluated["synaptic_work"]["multiply_accumulates"] == 2 * 4 * 784
    refused(run_cli("evaluate", model, "--data", recordings(tmp_path / "data")), "compression", "images:PATH")


def test_a_model_is_written_as_nir(run_cli, tmp_path):
    model = save(integer_network(0), tmp_path / "net.onnx")
    assert run_cli("export", model, "--nir").code == 0
    assert set(nir.read(tmp_path / "net.nir").nodes) >= {"conv1", "lif1", "fc2"}


def test_bad_nir_is_named(run_cli, tmp_path):
    (tmp_path / "bad.nir").write_bytes(b"nothing")
    data = recordings(tmp_path / "data")
    out = tmp_path / "net.onnx"
    options = ("--out", out, "--data", data, "--timesteps", 4, "--sensor", *SENSOR)
    refused(run_cli("import", tmp_path / "bad.nir", *options), "bad.nir", "no NIR file")
    ones = np.ones(FRAME)
    graph = nir.NIRGraph.from_list(nir.Input({"input": np.array(FRAME)}), nir.CubaLI(*[ones] * 4))
    nir.write(tmp_path / "cuba.nir", graph)
    refused(run_cli("import", tmp_path / "cuba.nir", *options), "CubaLI", "cubali")
    assert not out.exists()


def test_margins_are_chosen_and_shown(run_cli, tmp_path, monkeypatch):
    network = shrinking(np.random.default_rng(1))
    compression = Compression(6, 6, 4, 2, 306_000)
    model = save(network, tmp_path / "net.onnx", compression=compression, classes=tuple("0123"))
    random, data = np.random.default_rng(0), tmp_path / "data"
    for split in ("train", "test"):
        for number in range(20):
            file = data / split / str(number % 4) / f"{number}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(write_recording(some_events(random, 100, (6, 6))))
    out = tmp_path / "early.onnx"
    outcome = run_cli("early-exit", model, "--out", out, "--data", data, "--allowed-loss", 100, "--json")
    assert outcome.code == 0, outcome.err
    figures = json.loads(outcome.out)
    assert figures["split"] == "train"  # there is no validation split
    assert figures["chosen"]["test"]["shares"] == [1, 0, 0]
    assert figures["chosen"]["test"]["timesteps"] == 4 / 3
    timesteps = [point["calibration"]["timesteps"] for point in figures["points"]]
    assert timesteps == sorted(timesteps, reverse=True)  # the more may be lost, the fewer
    margins = [layer.margin for layer in load(out).layers if isinstance(layer, EarlyExit)]
    assert min(margins) == 0
    evaluated = run_cli("evaluate", out, "--data", data, "--json")
    assert json.loads(evaluated.out)["exits"] == figures["chosen"]["test"]
    assert "1.33 timesteps a sample in the mean; samples leave 100 % by early0" in evaluated.err
    monkeypatch.setattr(evaluation, "_TRACED", 3)  # of twenty samples, the last part smaller
    parts, whole = (
        json.loads(run_cli("evaluate", out, "--data", data, "--json").out),
        json.loads(evaluated.out),
    )
    work = parts["synaptic_work"]["layers"]
    for layer, figures in whole["synaptic_work"]["layers"].items():
        assert work[layer] == pytest.approx(figures)
    assert [parts[each] for each in ("classes", "exits")] == [whole[each] for each in ("classes", "exits")]
    refused(
        run_cli("early-exit", model, "--out", tmp_path / "x", "--data", data, "--split", "test"), "test split"
    )
    plain = save(integer_network(0), tmp_path / "plain.onnx", compression=Compression(*SENSOR, 4, 2, 306_000))
    other = recordings(tmp_path / "other")
    refused(run_cli("early-exit", plain, "--out", tmp_path / "x", "--data", other), "no early exits")
    assert not (tmp_path / "x").exists()


def test_downloads_and_data_sets_by_name(run_cli, tmp_path, untrained_model):
    refused(run_cli("download", "ncars", "--out", tmp_path), "N-CARS", "https://www.prophesee.ai")
    refused(run_cli("download", "nothing", "--out", tmp_path), "nothing", "nmnist")
    missing = f"cifar10_dvs:{tmp_path / 'gone'}"
    refused(run_cli("evaluate", untrained_model, "--data", missing), "gone", "ssnn-fpga download cifar10_dvs")
    images = f"images:{mnist(tmp_path / 'mnist')}"
    refused(run_cli("evaluate", untrained_model, "--data", images), "emulated:")
    recorded = f"emulated:{tmp_path / 'mnist'}"
    assert run_cli("evaluate", untrained_model, "--data", recorded).code == 0
