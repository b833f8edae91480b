"""From a generated design to a bitstream: chooses the flow of the board."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ssnn_fpga.boards import ecp5
from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.bundle import Bundle, write_bundle
from ssnn_fpga.boards.choice import AUTO, choose
from ssnn_fpga.boards.ecp5 import build_ecp5, ecp5_need
from ssnn_fpga.boards.report import BuildReport
from ssnn_fpga.boards.staging import Hardware, stage
from ssnn_fpga.boards.synthesis import synthesise
from ssnn_fpga.boards.vendor import BUNDLE, build_vendor
from ssnn_fpga.boards.xilinx import build_xilinx
from ssnn_fpga.boards.xilinx_synthesis import synthesise_xilinx
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.edge import edge as edge_text
from ssnn_fpga.rtl.memory_port import memory_port
from ssnn_fpga.rtl.toplevel import TOP
from ssnn_fpga.simulate.device import stream_format


def build(design: Path, board: Board, out: Path, progress: bool = True, *, flow: str = AUTO) -> BuildReport:
    """Build the design that ``compile`` wrote to ``design`` for ``board`` into the folder ``out``.

    See ``build_ecp5``, ``build_xilinx`` and ``build_vendor`` for what is written, and ``choose`` for
    ``flow``. Weights that the design reads from memory are beside the bitstream. Raises UserError, besides
    what they raise, where ``out`` cannot be a folder, and for a design with weights that the board's top
    level does not bring.
    """
    chosen = choose(board, flow)
    hardware = _buildable(design, board)
    _make_folder(out)
    if chosen != "open":
        return build_vendor(hardware, board, chosen, out, progress=progress)
    if board.family == "ecp5":
        return build_ecp5(hardware, board, out, progress=progress)
    return build_xilinx(hardware, board, out, progress=progress)


def bundle_of(design: Path, board: Board, out: Path, *, flow: str = AUTO) -> Bundle:
    """Write what makes the bitstream on another machine into ``out``/bundle, and run nothing.

    ``flow`` is one of the board's that has a bundle; ``auto`` its first. Raises UserError as ``build``.
    """
    bundled = [name for name in board.flows if name != "open"]
    if flow == AUTO and bundled:
        flow = bundled[0]
    chosen = choose(board, flow)
    if chosen == "open":
        instead = f"take --flow {bundled[0]}" if bundled else "leave --bundle out"
        raise UserError(f"The open flow of {board.name} runs here and has no bundle: {instead}.")
    hardware = _buildable(design, board)
    _make_folder(out)
    return write_bundle(hardware, board, chosen, out / BUNDLE)


def _buildable(design: Path, board: Board) -> Hardware:
    """The design, if the board's top level drives all of its ports. Raises UserError."""
    loaded = Design.load(design)
    port = memory_port(loaded.plan)
    if port is not None and port.data_bits != board.memory_port_bits:
        layers = ", ".join(stage.name for stage in port.stages)
        has = f"has one of {board.memory_port_bits}" if board.memory_port_bits else "has none"
        raise UserError(
            f"{design} reads the weights of {layers} over a memory port of {port.data_bits} bits, and "
            f"{board.name} {has}: compile it for {board.name} without settings of `streamed`."
        )
    return hardware_of(loaded)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out} cannot be made a folder ({error.strerror}): name another one.") from error


def cells_of(design: Path, board: Board, out: Path) -> dict[str, int]:
    """Synthesise the module ``accelerator`` alone for the board's chip; its resources by name.

    Whether it fits is not looked at. Raises UserError where a tool is missing or fails.
    """
    staged = stage(hardware_of(Design.load(design)), board, out / "sources")
    netlist, logs = out / "netlist.json", out / "logs"
    if board.family == "ecp5":
        cells = synthesise(staged, TOP, ecp5.COMMAND, ecp5.MAP_MEMORIES, netlist, logs, progress=False)
        return ecp5_need(cells)
    return {name: use.used for name, use in synthesise_xilinx(staged, TOP, board, netlist, logs).items()}


def hardware_of(design: Design) -> Hardware:
    """What a flow has to know of a design."""
    compression, port = design.network.compression, memory_port(design.plan)
    images = tuple(sorted(path for path in design.rtl.iterdir() if path.suffix not in (".sv", ".f")))
    return Hardware(
        design.sources,
        images,
        stream_format(design),
        design.network.classes,
        None if compression is None else asdict(compression),
        edge_text(design.plan, compression),
        design.weights,
        0 if port is None else port.data_bits,
        design.plan.options.loadable,
    )
