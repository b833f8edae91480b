"""``ssnn-fpga run`` on the compiled edge of a tiny design, and what it refuses."""

import json

import numpy as np
import pytest

from ssnn_fpga.events.recording import write_recording
from ssnn_fpga.golden.engine import run
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.runtime.verification import Verification
from ssnn_fpga.simulate.device import manifest_of
from tests.random_networks import random_frames
from tests.runtime.edge_design import random_recording, write_edge_design


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    network = write_edge_design(folder / "design")
    frames = random_frames(np.random.default_rng(1), network, 5)
    logits = run(network, frames)[network.layers[-1].name]
    identity = manifest_of(Design.load(folder / "design")).identity
    Verification(frames.astype(np.uint8), logits, logits.argmax(axis=1), identity, "random frames").save(
        folder
    )
    return folder


def test_verifies(run_cli, build):
    outcome = run_cli("run", build, "--device", "sim", "--json")
    assert outcome.code == 0, outcome.err
    assert (outcome.figures["recordings"], outcome.figures["differing"]) == (5, 0)
    assert "5 recordings (random frames), 0 with another logit" in outcome.err


def test_follows_a_recording(run_cli, build, tmp_path):
    events = random_recording(np.random.default_rng(2), 300)
    events["t"] -= events["t"][0]
    (tmp_path / "events.bin").write_bytes(write_recording(events))
    arguments = ["--follow", tmp_path / "events.bin", "--step", 250, "--pace", 0.01, "--json"]
    outcome = run_cli("run", build, *arguments)
    assert outcome.code == 0, outcome.err
    *windows, figures = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(windows) == figures["windows"] > 0
    assert [window["end_us"] % 250 for window in windows] == [0] * len(windows)
    assert figures["windows"] + figures["dropped"]["windows"] == int(events["t"][-1]) // 250


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (["--device", "parallel"], "'parallel': choose one of"),
        (["--device", "serial"], "--port"),
        (["--device", "pynq"], "manifest.json cannot be read"),
        (["--follow", "nowhere.bin"], "nowhere.bin: the recording cannot be read"),
        (["--follow", "-", "--pace", "0"], "--pace is 0"),
    ],
)
def test_refuses(run_cli, build, arguments, culprit):
    outcome = run_cli("run", build, *arguments)
    assert outcome.code == 2, outcome.err
    assert culprit in outcome.err
    assert "Traceback" not in outcome.err


def test_refuses_what_is_no_build(run_cli, tmp_path):
    outcome = run_cli("run", tmp_path)
    assert outcome.code == 2
    assert "holds no design" in outcome.err
