"""One network through one back end: whether its values are golden's, and what it takes of a chip."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.engines import Finn, Hls4ml, Onnxruntime
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.report.backends import BackendFigures, Figure

BACKENDS = ("rtl", "hls4ml", "finn", "onnxruntime")
_Outcome = tuple[Mapping[str, Integers], dict[str, Figure]]


def run_backend(name: str, network: Network, board: str, frames: Integers) -> BackendFigures:
    """Values of ``frames`` (N, T, C, H, W) beside golden's, and figures for ``board``.

    ``name`` is one of ``BACKENDS``. Raises UserError as the back end does.
    """
    if name == "rtl":
        trace, figures = _rtl(network, board, frames)
    elif name == "finn":
        trace, figures = _finn(network, board, frames)
    elif name == "hls4ml":
        trace, figures = _hls4ml(network, frames)
    else:
        trace, figures = Onnxruntime(network).trace(frames), {}
    return BackendFigures(name, compare(run(network, frames), trace), figures)


def _rtl(network: Network, board: str, frames: Integers) -> _Outcome:
    """Our hardware, planned for the board and simulated."""
    from ssnn_fpga.rtl.generate import write_design
    from ssnn_fpga.simulate.compiled import CompiledAccelerator

    plan = make_plan(network, load_board(board))
    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as scratch:
        write_design(network, plan, Path(scratch) / "design")
        with CompiledAccelerator(Path(scratch) / "design") as accelerator:
            result = accelerator.run(frames)
    estimate = "estimated by our plan"
    return result.trace, {
        "interval": Figure(result.cycles_per_sample, "simulated"),
        "latency": Figure(result.latency_cycles, "simulated"),
        "luts": Figure(plan.resources.luts, estimate),
        "block_rams": Figure(plan.resources.block_rams, estimate),
        "dsps": Figure(plan.resources.dsps, estimate),
        "state_bits": Figure(0, "counted"),
    }


def _hls4ml(network: Network, frames: Integers) -> _Outcome:
    """Without Vitis HLS nobody says how many cycles and cells the C++ takes."""
    from ssnn_fpga.backends.hls4ml.state import state_bits

    return Hls4ml(network).trace(frames), {"state_bits": Figure(state_bits(network), "counted")}


def _finn(network: Network, board: str, frames: Integers) -> _Outcome:
    """FINN's hardware graph, folded for the cycles of our own plan for the board."""
    target = load_board(board)
    if target.family != "xilinx7":
        raise UserError(f"FINN writes for AMD chips, not for {target.title}: try --board pynq-z2.")
    engine = Finn(network, make_plan(network, target).interval, target.device)
    counts = {"interval": "cycles", "luts": "luts", "block_rams": "block_rams", "dsps": "dsps"}
    return engine.trace(frames), {
        **{name: Figure(engine.figures[key], "estimated by FINN and us") for name, key in counts.items()},
        "state_bits": Figure(engine.figures["state_bits"], "counted"),
    }
