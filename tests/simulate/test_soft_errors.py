"""One flipped bit in a compiled design: what is hit, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.plan.plan import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.probes import registers
from ssnn_fpga.simulate.soft_errors import KINDS, OUTCOMES, Fault, FaultyAccelerator, kind_of, run_campaign
from tests.random_networks import random_frames, random_network


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(23)
    network = random_network(rng)
    folder = tmp_path_factory.mktemp("soft") / "design"
    write_design(network, make_plan(network), folder)
    return folder


def test_campaign(design: Path, compiled: Path) -> None:
    """Every kind of state can be hit, faults show, and the design is sound again after each."""
    with FaultyAccelerator(design, compiled) as accelerator:
        network = accelerator.design.network
        frames = random_frames(np.random.default_rng(1), network, 3)
        expected = run_golden(network, frames)[network.layers[-1].name]
        np.testing.assert_array_equal(accelerator.logits(frames)[0], expected)

        campaign = run_campaign(accelerator, frames, per_kind=40, seed=3)
        np.testing.assert_array_equal(accelerator.logits(frames)[0], expected)

        hit = {kind for kind, bits in campaign.bits.items() if bits}
        assert {"weights", "thresholds and biases", "rows and frames", "arithmetic", "control"} <= hit
        for kind in hit:
            counts = campaign.counts(kind)
            assert sum(counts.values()) == 40
            assert set(counts) <= set(OUTCOMES)
        assert campaign.counts("control")["stuck"] > 0
        assert campaign.counts("weights")["stuck"] == 0
        assert 0 < campaign.counts("weights")["masked"] < 40
        assert run_campaign(accelerator, frames, per_kind=40, seed=3) == campaign


def test_a_guarded_design_reports(compiled: Path, tmp_path: Path) -> None:
    """Parity sees every flipped weight that changes a logit, the watchdog results that do not come."""
    network = random_network(np.random.default_rng(23))
    options = Options(parity=True, watchdog=True)
    write_design(network, make_plan(network, options=options), tmp_path / "design")
    frames = random_frames(np.random.default_rng(1), network, 3)
    with FaultyAccelerator(tmp_path / "design", compiled) as accelerator:
        accelerator.logits(frames)
        assert accelerator.errors() == ()
        campaign = run_campaign(accelerator, frames, per_kind=60, seed=3, kinds=("weights", "control"))
    weights = [i for i in campaign.injections if i.kind == "weights"]
    visible = [i for i in weights if i.outcome != "masked"]
    assert len(visible) > 5
    assert all(i.reported == ("parity",) for i in visible)
    found = campaign.reported("weights")
    assert found["other logits"] + found["wrong class"] == len(visible)
    stuck = [i for i in campaign.injections if i.kind == "control" and i.outcome == "stuck"]
    assert len(stuck) > 2
    assert all("hang" in i.reported for i in stuck)


def test_a_flipped_weight_stays_until_repaired(design: Path, compiled: Path) -> None:
    """The sign bit of a weight of the last layer changes a logit in each of the samples."""
    with FaultyAccelerator(design, compiled) as accelerator:
        network = accelerator.design.network
        frames = random_frames(np.random.default_rng(2), network, 3)
        expected, _ = accelerator.logits(frames)
        dense = next(layer for layer in reversed(network.layers) if hasattr(layer, "weight"))
        index = next(
            i
            for i, state in enumerate(accelerator.states)
            if kind_of(state.name) == "weights" and f"i_{dense.name}." in state.name
        )
        changed = sum(
            bool((accelerator.logits(frames, Fault(0, index, bit))[0] != expected).any())
            for bit in range(0, accelerator.states[index].bits, 7)
        )
        assert changed > 0
        np.testing.assert_array_equal(accelerator.logits(frames)[0], expected)


def test_recovery_needs_two_samples(design: Path, compiled: Path) -> None:
    with FaultyAccelerator(design, compiled) as accelerator:
        frames = random_frames(np.random.default_rng(2), accelerator.design.network, 1)
        with pytest.raises(UserError, match="at least two samples"):
            run_campaign(accelerator, frames, per_kind=1)


def test_kinds_of_names() -> None:
    assert kind_of("accelerator.i_conv1.i_synapses.i_weights.g_block.memory") == "weights"
    assert kind_of("accelerator.i_lif1.i_memory.g_distributed.memory") == "thresholds and biases"
    assert kind_of("accelerator.i_conv1.i_reader.i_lines.place_q") == "control"
    assert list(KINDS)[-1] == "control"


def test_registers_of_a_source() -> None:
    source = """
      assign less = a_q <= b_q;  // c_q <= d;
      always_ff @(posedge clk_i) begin
        if (rst_i) {first_q, second_q} <= '0;
        else if (write && x <= y) memory[address[1:0]] <= data_i;
        for (int k = 0; k <= LAST; k++) if (step) part_q[k] <= in_data_i;
        third_q <= a_q <= b_q;
        case (state_q) IDLE: state_q <= BUSY; default: ; endcase
      end
    """
    assert registers(source) == ["first_q", "memory", "part_q", "second_q", "state_q", "third_q"]
