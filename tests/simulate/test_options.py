"""Designs with options: memories that are loaded, parity, and the watchdog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.layers import Accumulator, Network
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.plan import Options, Plan
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.images import load_image
from ssnn_fpga.rtl.memory_port import memory_image
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from ssnn_fpga.simulate.library import SimulationError
from tests.random_networks import random_forked_network, random_frames, redrawn
from tests.simulate.test_compiled import SMALL, assert_same, two_layers


def outgrows(network: Network, plan: Plan) -> bool:
    """Whether some accumulator of ``network`` is wider than those of ``plan``."""
    widths = {stage.name: stage.output.bits for stage in plan.stages if hasattr(stage.output, "bits")}
    found = edges(network).items()
    return any(e.bits > widths[name] for name, e in found if isinstance(e, Accumulator))


def test_one_design_runs_every_network_of_its_shape(compiled: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    network = random_forked_network(
        rng, blocks=["currents"], size=(7, 6), channels=4, timesteps=2, weight_bits=3, heads=1, levels=3
    )
    plan = make_plan(network, target_cycles=1500, options=Options(True, True, True))
    design = tmp_path / "design"
    write_design(network, plan, design)
    assert not list((design / "rtl").glob("*.hex"))
    frames = random_frames(rng, network, 4)
    others = [network, *(redrawn(rng, network, extreme=extreme) for extreme in (False, True, True))]
    assert outgrows(others[-1], make_plan(network))  # the real weights would have given too little room
    with CompiledAccelerator(design, compiled, seed=5) as accelerator:
        for number, other in enumerate(others):
            if number:
                accelerator.load(load_image(other, plan))
            expected = run_golden(other, frames)
            for stalls in ((0.0, 0.0), (0.6, 0.7)):
                result = accelerator.run(frames, stall_in=stalls[0], stall_out=stalls[1], seed=number)
                assert_same(dict(expected), result.trace)
                np.testing.assert_array_equal(result.classes, expected.classes)
                assert result.errors == ()
        # A sink that takes nothing is no hang.
        assert accelerator.run(frames, hold=3 * plan.longest_silence, probes=False).errors == ()
        # Without its last word an image is not whole: no frame is let in.
        accelerator.load(load_image(network, plan)[:-1])
        with pytest.raises(SimulationError, match="input ready=0") as held:
            accelerator.run(frames)
        assert held.value.errors == ()
        # One word too many begins another image.
        accelerator.load(np.append(load_image(network, plan), np.uint32(0)))
        with pytest.raises(SimulationError, match="input ready=0"):
            accelerator.run(frames)


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """A design with parity and a watchdog."""
    network = two_layers()
    plan = make_plan(network, overrides=SMALL, options=Options(parity=True, watchdog=True))
    write_design(network, plan, tmp_path / "design")
    return tmp_path / "design"


@pytest.mark.parametrize("bit", [0, 20, "parity"])
def test_parity_reports_a_flipped_weight(bit: int | str, guarded: Path, compiled: Path) -> None:
    image = guarded / "rtl" / "conv2_weight.hex"
    lines = image.read_text().split()
    width = 2 * 9 * 3
    word = int(lines[1], 16) ^ (1 << (width if bit == "parity" else int(bit)))
    with CompiledAccelerator(guarded, compiled) as accelerator:
        frames = random_frames(np.random.default_rng(1), accelerator.design.network, 2)
        sound = accelerator.run(frames)
        assert sound.errors == ()
        assert_same(dict(run_golden(accelerator.design.network, frames)), sound.trace)
    image.write_text("\n".join([lines[0], f"{word:0{len(lines[1])}x}", *lines[2:], ""]))
    with CompiledAccelerator(guarded, compiled) as accelerator:
        assert accelerator.run(frames).errors == ("parity",)


def test_the_watchdog_reports_a_hang(guarded: Path, compiled: Path) -> None:
    top = guarded / "rtl" / "accelerator.sv"
    before, behind = top.read_text().split("i_lif2 (")
    behind = behind.replace("(conv2_valid)", "(1'b0)", 1)
    top.write_text(f"{before}i_lif2 ({behind}")
    with CompiledAccelerator(guarded, compiled) as accelerator:
        frames = random_frames(np.random.default_rng(1), accelerator.design.network, 1)
        with pytest.raises(SimulationError, match="Nothing moved") as hang:
            accelerator.run(frames)
        assert hang.value.errors == ("hang",)


def test_weights_outside_the_chip_are_exchanged_with_the_image(compiled: Path, tmp_path: Path) -> None:
    network = two_layers()
    overrides = {name: dict(fold) for name, fold in SMALL.items()}
    overrides["conv2"]["streamed"] = 64
    plan = make_plan(network, overrides=overrides, options=Options(loadable=True))
    write_design(network, plan, tmp_path / "design")
    rng = np.random.default_rng(11)
    frames = random_frames(rng, network, 3)
    other = redrawn(rng, network, extreme=False)
    with CompiledAccelerator(tmp_path / "design", compiled) as accelerator:
        assert_same(dict(run_golden(network, frames)), accelerator.run(frames).trace)
        accelerator.load(load_image(other, plan), memory_image(other, plan))
        assert_same(dict(run_golden(other, frames)), accelerator.run(frames, stall_in=0.5).trace)
