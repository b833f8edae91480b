"""`ssnn-fpga sweep`: interrupted, resumed, with a trial that fails; and what it refuses."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quant_models.recorded_search import RecordedSearch
from quant_models.search_space import parse_space
from quant_models.sweep_journal import Journal
from tests.cli.test_bad_input import refused
from tests.learning.test_images import pictures

RECIPE = """
name = "tiny"
[images]
height = 12
width = 12
[network]
schedule = [2, 1]
layout = "4C3-AP2|5C3-AP2"
[training]
epochs = 2
batch = 10
threads = 1
"""
OVER = ("training.learning_rate=1e-3..1e-2:log", "network.weight_bits=4,[4,4]")
"""The second value of bits has fewer entries than layers, which shows when the network is made."""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def test_an_interrupted_sweep_goes_on(recipe, tmp_path):
    out, data = tmp_path / "sweep", pictures(tmp_path / "set")
    keys = [word for key in OVER for word in ("--over", key)]
    command = [sys.executable, "-m", "ssnn_fpga", "sweep", recipe, "--data", f"images:{data}", "--out", out]
    command = [str(word) for word in (*command, *keys, "--trials", 6, "--seed", 1, "--json")]
    root = Path(__file__).parents[2]
    given = {
        "env": {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        "cwd": tmp_path,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    first = subprocess.Popen(command, **given)
    journal = out / "trials.jsonl"
    until = time.time() + 300
    while first.poll() is None and time.time() < until:
        if journal.exists() and sum('"begun"' not in line for line in journal.read_text().splitlines()) >= 2:
            first.send_signal(signal.SIGINT)
            break
        time.sleep(0.02)
    said = first.communicate(timeout=120)[1]
    assert first.returncode == 130, said
    assert "goes on from there" in said
    cut = Journal(out, {}).trials()
    assert 2 <= sum(trial.state != "begun" for trial in cut) < 6
    kept = {path: path.read_bytes() for path in (out / "trials").glob("*/summary.json")}

    second = subprocess.run(command, check=False, **given)
    assert second.returncode == 0, second.stderr
    trials = json.loads(second.stdout)["trials"]
    assert [trial["number"] for trial in trials] == list(range(6))
    assert [trial["values"] for trial in trials[: len(cut)]] == [trial.values for trial in cut]
    assert all(path.read_bytes() == content for path, content in kept.items())  # none was trained again
    failed = [trial for trial in trials if trial["values"]["network.weight_bits"] == [4, 4]]
    assert 0 < len(failed) < 6
    for trial in trials:
        assert (trial["state"] == "failed") == (trial in failed)
        if trial in failed:
            assert "weight_bits has fewer entries" in trial["error"]
            assert f"Trial {trial['number']} failed" in second.stderr
        else:
            summary = json.loads((out / "trials" / f"{trial['number']:04d}" / "summary.json").read_text())
            assert trial["figures"]["validation_accuracy"] == summary["validation_integer_accuracy"]
            assert "test_samples" not in summary  # nobody has looked at the test split
    # a searcher that is asked and told the same in one go suggests the same, or this raises
    assert RecordedSearch(parse_space(OVER), Journal(out, {}), 6, seed=1).left == 0


def test_what_a_sweep_refuses(run_cli, recipe, tmp_path, monkeypatch):
    data = f"images:{pictures(tmp_path / 'set')}"
    out = tmp_path / "sweep"

    def asked(*over, more=()):
        words = [word for key in over for word in ("--over", key)]
        return run_cli("sweep", recipe, "--data", data, "--out", out, "--json", *words, *more)

    refused(asked("training.sed=1,2"), "unknown key training.sed")
    refused(asked("training.seed=1..5"), "--trials N")
    refused(asked(), "--over KEY=VALUE")
    for missing in ("ray.tune", "optuna"):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, missing, None)
            refused(asked("training.seed=1,2"), missing.split(".")[0], "ssnn-fpga[sweep]")
    for over in ("training.seed=1,2", "training.seed=3,4"):  # where no trial has begun, there is no sweep
        refused(asked(over, more=("--address", "nowhere:1")), "nowhere:1", "ray start")
