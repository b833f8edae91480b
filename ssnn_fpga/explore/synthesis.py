"""Synthesises some designs of a front, several at once, to set real figures beside the estimates."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import numpy as np

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.flow import cells_of
from ssnn_fpga.errors import UserError
from ssnn_fpga.explore.front import Point
from ssnn_fpga.explore.page import make_folder
from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.rtl.generate import write_design


def synthesise_front(
    network: Network,
    board: Board,
    points: Sequence[Point],
    out: Path,
    *,
    count: int,
    processes: int | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[Point]:
    """The points, ``count`` of them (evenly spread along the front) with their synthesised resources.

    Designs and logs lie in ``out``/design0 on, numbered as the points are. ``done`` is called after
    each. A design that synthesis refuses keeps the reason instead of figures. Raises UserError
    where ``out`` cannot be a folder.
    """
    make_folder(out)
    chosen = np.unique(np.linspace(0, len(points) - 1, min(count, len(points))).round().astype(int)).tolist()
    result = list(points)
    workers = min(len(chosen), processes or os.cpu_count() or 1)
    with ProcessPoolExecutor(workers) as pool:
        tasks = {
            pool.submit(_synthesise, network, points[index].plan, board, out / f"design{index}"): index
            for index in chosen
        }
        for task in as_completed(tasks):
            index = tasks[task]
            try:
                result[index] = replace(points[index], synthesised=task.result())
            except UserError as error:
                result[index] = replace(points[index], failure=str(error))
            done()
    return result


def _synthesise(network: Network, plan: Plan, board: Board, folder: Path) -> dict[str, int]:
    write_design(network, plan, folder)
    return cells_of(folder, board, folder / "synthesis")
