"""What hls4ml writes, compiled by g++, equals golden in every value of every layer, sample after sample."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.backends.hls4ml import engine
from ssnn_fpga.backends.hls4ml.engine import CompiledProject
from ssnn_fpga.backends.hls4ml.project import Options, write_project
from ssnn_fpga.backends.hls4ml.reuse import reuse_factors
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    Dense,
    Network,
    Neuron,
    Pool,
    Readout,
)
from ssnn_fpga.plan.solve import make_plan
from tests.backends.small_networks import residual_network, small_network
from tests.random_networks import random_frames, wide_network


@pytest.mark.parametrize(
    ("generate", "backend", "io_type", "reuse"),
    [
        (lambda rng: small_network(), "Vitis", "io_parallel", 1),
        (wide_network, "Vivado", "io_parallel", 4),
        (residual_network, "Vitis", "io_stream", 1),
        (residual_network, "Vivado", "io_stream", 6),
    ],
    ids=["dense", "wide", "residual", "residual shared"],
)
def test_every_value_equals_golden_twice(
    generate: Callable[[np.random.Generator], Network], backend: str, io_type: str, reuse: int
) -> None:
    rng = np.random.default_rng(3)
    network = generate(rng)
    frames = random_frames(rng, network, 5)
    wanted = {layer.name: reuse for layer in network.layers}
    project = CompiledProject(network, Options(backend, io_type, reuse=wanted))
    expected = run(network, frames)
    for _ in range(2):
        comparison = compare(expected, project.trace(frames))
        assert comparison.equal, str(comparison)
    for bad, fault in (
        (frames[:, :, :, 1:], "do not fit the network"),
        (frames[:0], "no sample to run"),
        (frames + network.input.maximum, "the network takes 0 to"),
    ):
        with pytest.raises(UserError, match=fault):
            project.trace(bad)


MUTANTS = {
    "fires on >": ("nnet_lif.h", {"u >= threshold": "u > threshold"}),
    "double leak": (
        "nnet_lif.h",
        {"product >> CONFIG_T::leak_shift)": "product >> (2 * CONFIG_T::leak_shift))"},
    ),
    "state not cleared": (
        "nnet_lif.h",
        {
            "t > 0": "true",
            "typename CONFIG_T::membrane_t membrane[": "static typename CONFIG_T::membrane_t membrane[",
        },
    ),
    "other reset": ("nnet_lif.h", {"if (CONFIG_T::reset_to_zero)": "if (!CONFIG_T::reset_to_zero)"}),
    "no filter": ("nnet_lif.h", {"c - (c >> CONFIG_T::filter_shift)": "c - c"}),
    "transformer weight off by one": (
        "nnet_temporal_transform.h",
        {"matrix[t2 * CONFIG_T::timesteps + t1] *": "(matrix[t2 * CONFIG_T::timesteps + t1] + (t1 == 1)) *"},
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_of_the_kernels_are_caught(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    header, changes = MUTANTS[mutant]
    compile_right = engine.compile_project

    def compile_wrong(project: Path) -> Path:
        path = project / "firmware" / "nnet_utils" / header
        text = path.read_text()
        for right, wrong in changes.items():
            assert text.count(right) == 1
            text = text.replace(right, wrong)
        path.write_text(text)
        script = project / "build_lib.sh"
        script.write_text(script.read_text().replace("-O3", "-O0"))  # half the time
        return compile_right(project)

    monkeypatch.setattr(engine, "compile_project", compile_wrong)
    network = small_network()
    frames = random_frames(np.random.default_rng(6), network, 12)
    project = CompiledProject(network, Options(io_type="io_parallel"))
    got = project.trace(frames)
    # The logits alone show it too, where the engine shows no more.
    expected = run(network, frames)
    assert not compare({"readout": expected["readout"]}, got).equal


def test_project_has_the_plans_reuse_and_no_default_type(tmp_path: Path) -> None:
    """The C++ is also what Vivado HLS, which stops at C++11, can read."""
    network = small_network()
    plan = make_plan(network)
    out = tmp_path / "project"
    reuse = write_project(network, out, Options("Vivado", reuse=reuse_factors(network, plan)))
    assert set(reuse) == {"fc1", "fc2", "fc3"}
    assert max(reuse.values()) > 1  # the smallest plan shares
    firmware = out / "firmware"
    for name in ("defines.h", "parameters.h", "ssnn.cpp", "ssnn.h"):
        text = (firmware / name).read_text()
        assert "ap_fixed<" not in text
        assert "ap_ufixed<" not in text
        assert str(tmp_path) not in text
    parameters = (firmware / "parameters.h").read_text()
    assert f"reuse_factor = {reuse['fc2']};" in parameters
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
    assert str(tmp_path) not in (out / "hls4ml_config.yml").read_text()
    command = ["g++", "-std=c++11", "-fsyntax-only", "-w", "-Iap_types", "ssnn.cpp"]
    result = subprocess.run(command, cwd=firmware, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_reuse_factors_do_the_work_of_the_folds() -> None:
    network = Network(
        "folded",
        Activation(4, 6, 5, 5, maximum=3),
        (
            Conv("conv", (NETWORK_INPUT,), np.ones((8, 6, 3, 3), np.int64), 2),
            Neuron("lif", ("conv",), np.ones(8, np.int64), np.zeros(8, np.int64)),
            Pool("pool", ("lif",), "max", 3),
            Dense("fc", ("pool",), np.ones((2, 8), np.int64), 2),
            Readout("readout", ("fc",), np.zeros(2, np.int64)),
        ),
    )
    plan = make_plan(network, overrides={"conv": {"pe": 2, "simd": 9, "tp": 4}})
    # 8/2 outputs, 54/9 inputs and 8/4 groups of planes: 48 cycles a window, for 4 timesteps.
    assert reuse_factors(network, plan)["conv"] == 12


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "hls4ml", None)
        with pytest.raises(UserError, match=r"hls4ml is not installed: pip install 'ssnn-fpga\[hls4ml\]'"):
            CompiledProject(small_network())
    with monkeypatch.context() as patch:
        patch.setattr("hls4ml.__version__", "2.0.0")
        with pytest.raises(UserError, match=r"hls4ml 2\.0\.0 is installed, but 1\.3\.0 is supported"):
            CompiledProject(small_network())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=r"g\+\+ is not found"):
        CompiledProject(small_network())


def test_wide_logits_are_refused(tmp_path: Path) -> None:
    network = small_network()
    *layers, readout = network.layers
    wide = replace(network, layers=(*layers, replace(readout, bias=np.array([1 << 53, 0, 0]))))
    with pytest.raises(UserError, match=r"the logits of 'small' need 5. bits"):
        write_project(wide, tmp_path / "project", Options())
    assert not list(tmp_path.iterdir())
