"""The solver: exact, deterministic, within its limits, and clear about what is impossible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Network, Neuron
from ssnn_fpga.plan.folds import Fold
from ssnn_fpga.plan.graph import graph_of
from ssnn_fpga.plan.plan import Options, Plan
from ssnn_fpga.plan.resources import BLOCK_BITS, Resources
from ssnn_fpga.plan.solve import make_plan
from tests.random_networks import random_network


@dataclass(frozen=True)
class Budget:
    luts: int
    bram_bits: int = 10**9
    dsps: int = 10**6


@dataclass(frozen=True)
class Board:
    budget: Budget
    name: str = "testboard"
    family: str = "xilinx7"
    plan_share: float = 0.5
    neuron_timesteps: int = 64
    memory_port_bits: int = 0


def tiny() -> Network:
    return random_network(
        np.random.default_rng(3),
        schedule=(2,),
        input_channels=1,
        size=(5, 5),
        input_maximum=1,
        channels=(2,),
        kernel=2,
        stride=1,
        padding=0,
        weight_bits=2,
        pool="none",
        hidden=0,
        outputs=2,
    )


def demo_sized() -> Network:
    return random_network(
        np.random.default_rng(1),
        schedule=(4, 2, 1),
        input_channels=2,
        size=(34, 34),
        input_maximum=3,
        channels=(16, 32, 32),
        kernel=3,
        stride=1,
        padding=1,
        weight_bits=4,
        pool="max",
        pool_size=2,
        hidden=0,
        outputs=10,
    )


def every_design(network: Network) -> list[tuple[int, Resources, dict[str, Fold]]]:
    """Interval and resources of every combination of folds, built one by one."""
    graph = graph_of(network)
    names = [layer.name for layer in graph.synapses]
    neurons = [layer.name for layer in network.layers if isinstance(layer, Neuron)]
    given = (network.input.channels,)
    found = []
    for folds in product(*(list(graph.space(layer).folds({})) for layer in graph.synapses)):
        fold_of = dict(zip(names, folds, strict=True))
        formats = {"input": given}
        for layer in network.layers:
            if layer.name in fold_of:
                fold = fold_of[layer.name]
                formats[layer.name] = (fold.pe, graph.space(layer).resident(fold.tp))  # type: ignore[arg-type]
            else:
                formats.setdefault(graph.wire_of[layer.name], formats[layer.inputs[0]][:1])
        steps = {name: fold.tl for name, fold in zip(neurons, folds, strict=False)}
        stages = list(graph.stages(formats, fold_of, steps))
        interval = max(network.input.height * network.input.width, *(stage.cycles for stage in stages))
        found.append((interval, sum((stage.resources for stage in stages), Resources()), fold_of))
    return found


def test_no_combination_of_folds_beats_the_plan() -> None:
    network = tiny()
    designs = every_design(network)
    assert len(designs) > 500
    luts = sorted({resources.luts for _, resources, _ in designs})
    for limit in (luts[len(luts) // 4], luts[len(luts) // 2], luts[-1]):
        plan = make_plan(network, Board(Budget(limit)), share=1.0)
        fitting = [(interval, r.luts) for interval, r, _ in designs if r.luts <= limit]
        assert (plan.slowest, plan.resources.luts) == min(fitting)
    for target in sorted({interval for interval, _, _ in designs})[::5]:
        plan = make_plan(network, target_cycles=target)
        assert plan.interval <= target
        assert plan.resources.luts == min(r.luts for interval, r, _ in designs if interval <= target)


def test_memory_limits_the_plan_too() -> None:
    network = demo_sized()
    free = make_plan(network, Board(Budget(60_000)))
    tight = make_plan(network, Board(Budget(60_000, free.resources.memory_bits - 1)))
    assert tight.resources.memory_bits < free.resources.memory_bits
    assert tight.interval >= free.interval


def test_dsp_slices_limit_the_plan_where_accumulators_are_made_of_them() -> None:
    network = demo_sized()
    free = make_plan(network, Board(Budget(60_000)))
    scarce = Budget(60_000, dsps=free.resources.dsps - 1)
    tight = make_plan(network, Board(scarce))
    assert tight.resources.dsps < free.resources.dsps
    assert tight.interval >= free.interval
    logic = make_plan(network, Board(Budget(100_000, dsps=1), family="ecp5"))  # accumulators of logic
    assert logic.resources.dsps > 1
    with pytest.raises(
        UserError, match=r"it needs about \d+ DSP slices of 1, \d+ too many; .* and \d+ DSP slices"
    ):
        make_plan(network, Board(Budget(60_000, dsps=1)))


def test_a_larger_board_is_never_slower_and_half_of_it_stays_free() -> None:
    network = demo_sized()
    intervals = []
    for luts in (8_000, 16_000, 32_000, 64_000):
        plan = make_plan(network, Board(Budget(luts)))
        assert plan.resources.luts <= luts // 2
        intervals.append(plan.interval)
    assert intervals == sorted(intervals, reverse=True)
    assert len(set(intervals)) > 2


def test_a_network_that_needs_more_than_half_gets_the_whole_board() -> None:
    network = demo_sized()
    smallest = make_plan(network).resources.luts
    plan = make_plan(network, Board(Budget(round(smallest * 1.2))))
    assert smallest <= plan.resources.luts <= round(smallest * 1.2)


def test_the_plan_is_the_same_every_time_and_survives_json() -> None:
    network, board = demo_sized(), Board(Budget(53_200))
    plan = make_plan(network, board)
    assert make_plan(network, board) == plan
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.to_json() == Plan.from_json(plan.to_json()).to_json()


def test_options_are_kept_and_a_loadable_design_is_wider() -> None:
    network = demo_sized()
    plain, loadable = make_plan(network), make_plan(network, options=Options(loadable=True))
    assert loadable.options == Options(loadable=True)
    assert Plan.from_json(loadable.to_json()) == loadable
    assert loadable.stages[0].module == "stream_gate"
    for stage in plain.stages:
        wide = loadable.stage(stage.name)
        for name in ("ACC_BITS", "MEM_BITS", "THETA_BITS", "BIAS_BITS", "LOGIT_BITS"):
            if name in dict(stage.parameters):
                assert int(wide.parameter(name)) >= int(stage.parameter(name))
    # 18 inputs of at most 3, weights of at most 7: +-378.
    assert loadable.stage("conv1").parameter("ACC_BITS") == 10
    assert plain.longest_silence > plain.latency


@pytest.mark.parametrize("seed", range(12))
def test_plans_of_random_networks_are_consistent(seed: int) -> None:
    network = random_network(np.random.default_rng(seed))
    plan = make_plan(network, Board(Budget(20_000)))
    assert Plan.from_json(plan.to_json()) == plan
    source = plan.input
    for stage in plan.stages:
        assert (
            stage.source == source
            or stage.module == "gearbox"
            or stage.source.token_bits == source.token_bits
        )
        source = stage.output
    assert [stage.layer for stage in plan.stages if stage.layer] == [layer.name for layer in network.layers]


def test_overrides_hold_and_others_adapt() -> None:
    network = demo_sized()
    plan = make_plan(network, Board(Budget(53_200)), overrides={"conv2": {"pe": 8, "tp": 1}})
    assert (plan.folds["conv2"].pe, plan.folds["conv2"].tp) == (8, 1)


def test_what_cannot_be_is_said() -> None:
    network = demo_sized()
    with pytest.raises(UserError, match=r"target of 10 cycles a sample cannot be reached: \d+ is the least"):
        make_plan(network, target_cycles=10)
    with pytest.raises(UserError, match="no such layer; use conv1, conv2, conv3, classifier"):
        make_plan(network, overrides={"conv9": {"pe": 1}})
    with pytest.raises(UserError, match="conv2: pe = 5 does not divide 32 output channels"):
        make_plan(network, overrides={"conv2": {"pe": 5}})
    with pytest.raises(UserError, match="does not end in a read-out"):
        make_plan(replace(network, layers=network.layers[:-1], classes=()))
    wide = replace(network.layers[0], padding=2)
    with pytest.raises(UserError, match="conv1: a padding of 2 is more than half its kernel of 3"):
        make_plan(replace(network, layers=(wide, *network.layers[1:])))


def said(network: Network, board: Board, **target: int) -> str:
    with pytest.raises(UserError) as refused:
        make_plan(network, board, **target)
    return str(refused.value)


def test_what_is_too_large_is_named_with_the_nearest_plan_that_fits() -> None:
    network = demo_sized()
    least = make_plan(network).resources

    sentence = said(network, Board(Budget(500)))
    assert f"it needs about {least.luts:,} LUTs of 500, {least.luts - 500:,} too many" in sentence
    assert "its smallest plan takes" in sentence

    # Four-bit weights do not fit, three-bit ones do: what is promised holds.
    sentence = said(network, Board(Budget(least.luts - 1)))
    bits = int(sentence.split("with weights of ")[1].split()[0])
    assert 2 <= bits <= 3
    narrow = replace(
        network,
        layers=tuple(
            replace(layer, weight=layer.weight // 4, weight_bits=bits) if hasattr(layer, "weight") else layer
            for layer in network.layers
        ),
    )
    make_plan(narrow, Board(Budget(least.luts - 1)))

    sentence = said(network, Board(Budget(3_000, 1000)))
    assert "block RAMs of 18 kbit of 0" in sentence

    # A pace that the board cannot hold: the pace that it can.
    sentence = said(network, Board(Budget(20_000)), target_cycles=1344)
    nearest = int(sentence.split("; ")[1].split()[0].replace(",", ""))
    assert make_plan(network, Board(Budget(20_000)), target_cycles=nearest).interval == nearest
    with pytest.raises(UserError, match="too large"):
        make_plan(network, Board(Budget(20_000)), target_cycles=nearest - 1)


def test_a_latency_is_met_or_refused() -> None:
    network = demo_sized()
    relaxed = make_plan(network, target_latency=100_000)
    tight = make_plan(network, target_latency=8_000)
    assert tight.latency <= 8_000 < relaxed.latency <= 100_000
    assert tight.resources.luts > relaxed.resources.luts
    with pytest.raises(UserError, match=r"latency of 100 cycles cannot be reached: \d+ is what"):
        make_plan(network, target_latency=100)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 1}', '{"format": 7}', "[]", '{"format": 1, "input": 3}']
)
def test_a_damaged_plan_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="compile the model again"):
        Plan.from_json(text)


def test_weights_leave_the_chip_only_where_it_cannot_hold_them() -> None:
    network = demo_sized()
    inside = make_plan(network, Board(Budget(53_200, 10**7), memory_port_bits=64))
    assert not any(fold.streamed for fold in inside.folds.values())
    # Half the block RAM, and too little logic to hold the rest of the weights in LUTs.
    least = make_plan(network).resources
    small = Board(Budget(least.luts + 1500, least.block_rams // 2 * BLOCK_BITS))
    with pytest.raises(UserError, match=r"too large for testboard: it needs about \d+ block RAMs"):
        make_plan(network, small)
    plan = make_plan(network, replace(small, memory_port_bits=64))
    outside = [name for name, fold in plan.folds.items() if fold.streamed]
    assert outside
    assert all(plan.stage(name).module.startswith("streamed_") for name in outside)
    assert plan.resources.block_rams <= least.block_rams // 2
    # One port serves them all, in turn.
    assert plan.port_cycles == sum(plan.stage(name).port_cycles for name in outside)
    assert plan.interval >= plan.port_cycles > 0
    assert Plan.from_json(plan.to_json()) == plan


def test_a_port_of_no_width_is_refused() -> None:
    with pytest.raises(UserError, match="streamed = 7 is no width of a memory port; use 0"):
        make_plan(tiny(), overrides={"conv1": {"streamed": 7}})


def test_a_board_bounds_the_timesteps_that_a_neuron_takes_a_cycle() -> None:
    network = demo_sized()
    board = Board(Budget(60_000))
    wide = {"conv1": {"tp": 8}}  # all four timesteps of the first neurons come in one token
    assert make_plan(network, board, target_cycles=9000, overrides=wide).folds["conv1"].tl == 2
    slow = replace(board, neuron_timesteps=1)
    # One, or all four: those go through a pipeline, whose paths are no longer.
    assert make_plan(network, slow, target_cycles=9000, overrides=wide).folds["conv1"].tl == 4
    by_hand = make_plan(network, slow, overrides={"conv1": {"tp": 8, "tl": 2}})
    assert by_hand.folds["conv1"].tl == 2
