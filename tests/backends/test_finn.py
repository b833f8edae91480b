"""The integer network in FINN's own environment: its hardware graph equals golden in every value.

Skipped where ``make finn`` was not run; ``finn_cases`` says what is tried there, in one process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.backends.finn import boot, environment
from ssnn_fpga.backends.finn.frame_graph import frame_graph
from ssnn_fpga.backends.finn.project import write_project
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import NETWORK_INPUT, Activation, Conv, Dense, Network, Neuron, Readout
from tests.backends.small_networks import residual_network, small_network

ROOT = Path(__file__).parents[2]
_PYTHON = environment.environment_directory() / "bin" / "python"
needs_finn = pytest.mark.skipif(
    not _PYTHON.is_file(), reason="FINN's environment is missing: run `make finn` to have this tested"
)
CASES = (
    *(f"equal: {name}" for name in ("dense multi-threshold", "dense, reset to zero", "residual", "sums")),
    *("equal: binary", "equal: nmnist"),
    *(f"mutant: {name}" for name in ("fires on >", "double leak", "state not cleared", "other reset")),
    *("mutant: no filter", "mutant: transformer weight off by one"),
    *("frame_a_call", "generates_our_hdl", "packs_as_finn", "folds", "holds_skips", "goes_on", "gives_up"),
)


@needs_finn
def test_in_finn(untrained_model: Path, tmp_path: Path) -> None:
    """All of ``finn_cases`` in one process of FINN's environment: an answer says what is wrong."""
    shutil.copy(untrained_model, tmp_path / "nmnist.onnx")
    result = subprocess.run(
        [_PYTHON.absolute(), "-m", "tests.backends.finn_cases", tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT), "FINN_BUILD_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    answers: dict[str, str] = json.loads((tmp_path / "answers.json").read_text())
    assert tuple(answers) == CASES
    assert {case: answer for case, answer in answers.items() if answer} == {}


def test_missing_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(UserError, match=r"FINN's environment .*none is missing: run `make finn`"):
        write_project(small_network(), tmp_path / "project", cycles=100)
    assert not list(tmp_path.iterdir())


def test_an_environment_that_dies_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "finn" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.write_text("#!/bin/sh\necho no such module\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "finn"))
    with pytest.raises(UserError, match="FINN's environment failed, no such module"):
        write_project(small_network(), tmp_path / "project", cycles=100)
    assert [path.name for path in tmp_path.iterdir()] == ["finn"]


@pytest.mark.parametrize(
    ("release", "fault"),
    [(None, "finn-plus is not installed"), ("2.0", r"finn-plus 2\.0 is installed, but 1\.6\.1 is supported")],
)
def test_other_releases_are_refused(release: str | None, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if release is None:
            raise boot.PackageNotFoundError(name)
        return release

    monkeypatch.setattr(boot, "version", version)
    with pytest.raises(UserError, match=fault):
        boot.boot()


def test_what_finn_cannot_take_is_named() -> None:
    with pytest.raises(UserError, match="layer 'exit1': FINN has no early exits"):
        frame_graph(residual_network(np.random.default_rng(3)))
    small = small_network()
    wide = replace(small.layers[-1], bias=np.array([1 << 26, 0, 0]))
    with pytest.raises(UserError, match=r"layer 'readout': its values reach .*float32"):
        frame_graph(replace(small, layers=(*small.layers[:-1], wide)))
    strided = Network(
        "strided",
        Activation(1, 1, 1, 6, maximum=1),
        (
            Conv("conv", (NETWORK_INPUT,), np.ones((2, 1, 1, 1), np.int64), 2, stride=2),
            Neuron("lif", ("conv",), np.ones(2, np.int64), np.zeros(2, np.int64)),
            Dense("fc", ("lif",), np.ones((2, 6), np.int64), 2),
            Readout("readout", ("fc",), np.zeros(2, np.int64)),
        ),
    )
    with pytest.raises(UserError, match="layer 'conv': FINN takes no stride 2 over 1 padded pixels"):
        frame_graph(strided)
