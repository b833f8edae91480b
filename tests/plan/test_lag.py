"""FIFO depths of forked paths: known cases, and a design that hangs with less."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.layers import Activation, Conv, CurrentJoin, Join, Network, Neuron, Pool
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.graph import check_nested
from ssnn_fpga.plan.lag import fifo_pixels
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from ssnn_fpga.simulate.library import SimulationError
from tests.random_networks import random_forked_network, random_frames
from tests.simulate.conftest import compiled

__all__ = ["compiled"]


def conv(name: str, source: str, kernel: int, stride: int = 1) -> tuple[Conv, Neuron]:
    weight = np.ones((2, 2, kernel, kernel), dtype=np.int64)
    one = np.ones(2, dtype=np.int64)
    return (
        Conv(name, (source,), weight, 2, stride, kernel // 2),
        Neuron(f"{name}_lif", (name,), one, one),
    )


def depths(*layers: Conv | Neuron | Pool | Join | CurrentJoin, height: int = 6, width: int = 10) -> list[int]:
    network = Network("forked", Activation(1, 2, height, width, 1), layers)
    join = layers[-1]
    assert isinstance(join, Join | CurrentJoin)
    return fifo_pixels(network, edges(network), join)


@pytest.mark.parametrize(("kernel", "rows"), [(1, 1), (3, 2), (5, 3)])
def test_the_short_path_waits_for_the_rows_of_the_window(kernel: int, rows: int) -> None:
    long, short = depths(*conv("a", "input", kernel), Join("sum", ("a_lif", "input")))
    assert short == rows * 10
    # The long one takes pixel (0, 0)'s window, and is asked for no more.
    assert long <= 1


def test_windows_in_series_add_up() -> None:
    layers = (*conv("a", "input", 3), *conv("b", "a_lif", 3))
    # Row 0 of b needs rows 0 and 1 of a, row 1 of a needs rows up to 2.
    assert depths(*layers, Join("sum", ("b_lif", "input")))[1] == 3 * 10


def test_paths_that_are_alike_need_what_a_row_of_windows_waits_for() -> None:
    layers = (*conv("a", "input", 3, 2), *conv("b", "input", 1, 2))
    one, other = depths(*layers, Join("sum", ("a_lif", "b_lif")))
    # The first window row of a waits for two whole rows; b is then one output row ahead.
    assert other == 5
    assert one <= 1


def test_pointwise_paths_need_nothing() -> None:
    assert depths(Join("sum", ("input", "input"))) == [0, 0]


def test_crossed_forks_are_refused() -> None:
    crossed = Network(
        "crossed",
        Activation(1, 2, 6, 6, 1),
        (
            *conv("a", "input", 3),
            *conv("b", "input", 3),
            Join("one", ("a_lif", "b_lif")),
            Join("two", ("a_lif", "b_lif")),
            Join("sum", ("one", "two")),
        ),
    )
    with pytest.raises(UserError, match="not nested in each other"):
        check_nested(crossed)
    nested = (*conv("a", "input", 3), Join("one", ("a_lif", "input")), *conv("b", "one", 3))
    check_nested(Network("n", crossed.input, (*nested, Join("sum", ("b_lif", "one", "input")))))


def test_the_join_of_currents_waits_as_that_of_spikes() -> None:
    long, short = conv("a", "input", 3), conv("b", "input", 1)
    inner = conv("c", "a_lif", 3)
    layers = (*long, inner[0], short[0], CurrentJoin("sum", ("c", "b"), np.ones(2, dtype=np.int64)))
    spikes = (*long, *inner, *short, Join("sum", ("c_lif", "b_lif")))
    # The shortcut wants a whole row, of which a window of the long path in the last row has two columns
    # to the right of its own pixel; the long path wants three rows.
    assert depths(*layers) == depths(*spikes) == [10 - 1 - 2, 3 * 10 - 1]


@pytest.mark.parametrize("kind", ["join", "currents"])
def test_with_the_bound_nothing_hangs_and_with_less_it_does(
    kind: str, compiled: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1 if kind == "join" else 2)
    shape = {"size": (8, 9), "channels": 4, "timesteps": 2, "weight_bits": 2, "outputs": 4}
    blocks, heads = (["join"], 1) if kind == "join" else (["currents", "currents"], 0)
    network = random_forked_network(rng, blocks=blocks, heads=heads, filter_shift=0, **shape)  # type: ignore[arg-type]
    if kind == "currents":  # shortcuts of stride 1 and 2
        strides = [layer.stride for layer in network.layers if layer.name.endswith("_shortcut")]  # type: ignore[union-attr]
        assert strides == [1, 2]
    plan = make_plan(network, target_cycles=600)
    design = tmp_path / "design"
    write_design(network, plan, design)
    frames = random_frames(rng, network, 4)
    expected = run_golden(network, frames)
    with CompiledAccelerator(design, compiled) as accelerator:
        for seed, stalls in enumerate([(0.0, 0.0), (0.5, 0.5), (0.0, 0.9), (0.8, 0.0)]):
            result = accelerator.run(frames, stall_in=stalls[0], stall_out=stalls[1], seed=seed)
            for layer, values in expected.items():
                np.testing.assert_array_equal(result.trace[layer], values, err_msg=layer)
            np.testing.assert_array_equal(result.classes, expected.classes)
        assert accelerator.run(frames).cycles_per_sample == pytest.approx(plan.interval, rel=0.05)
    top = design / "rtl/accelerator.sv"
    depth = r"(\.DEPTH *\()\d+(\)\s*\) i_block1_(?:join|sum)_\d_fifo)"
    shallow = re.sub(depth, r"\g<1>2\g<2>", top.read_text())
    assert shallow != top.read_text()
    top.write_text(shallow)
    # What the kernels hold behind them would make up for FIFOs of this small network.
    kernel = design / "rtl/popcount_kernel.sv"
    kernel.write_text(kernel.read_text().replace("ROOM        = 16", "ROOM        = 1"))
    with (
        CompiledAccelerator(design, compiled) as accelerator,
        pytest.raises(SimulationError, match="Nothing"),
    ):
        accelerator.run(frames)
