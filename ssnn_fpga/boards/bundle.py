"""A bundle: a folder that becomes a bitstream wherever AMD's tools are, with one command and no other file.

``hw/flows`` holds the scripts, which know no design; what is of one design is written beside them. No
script names a place outside the bundle.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ssnn_fpga.boards.board import Board, Flow
from ssnn_fpga.boards.kernel_description import CONTROL, MEMORY, WEIGHTS, kernel_xml
from ssnn_fpga.boards.report import write_aside
from ssnn_fpga.boards.staging import DESIGN_INCLUDE, PORTS_INCLUDE, Hardware, Staged, stage
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import hardware_directory

SOURCES, RESULTS, DONE_FILE = "sources", "results", "run.txt"
COMMAND = "sh run.sh"
_CLOCK_FILE = "clock.xdc"
_IMAGE_SUFFIXES = (".hex", ".mem")
_PRODUCT = {"vivado": "accelerator.bit", "vitis": "accelerator.xclbin"}
_README = """# {title}: {flow}

    {command}

makes `results/{product}` in this folder, on any machine with {tools} on PATH:
{source}.
Nothing else of ssnn-fpga is needed, and nothing outside this folder is read or written. Then copy the folder
back to where it was written and give the same `ssnn-fpga bitstream` command again: it reads the reports and
writes bitstream, timing, utilisation and manifest as every flow does.

| file | holds |
|---|---|
{files}
| `sources/` | the design as it is synthesised, `{include}` and memory images included |
| `results/` | after the run: {product}, the reports, and `run.txt`, written last |

The run fails, and leaves no `run.txt`, where the design is larger than the board, a clock is missing, or
setup or hold is violated. Clock asked for: {clock:g} MHz on {device}.

## What was and was not executed

The project had no {tools}. Its tests do this without, on designs of the same generator:

- The scripts of this flow run in a Tcl interpreter against a recorder that knows the name, options and
  arguments of every vendor command in them, and refuses any other.
- All sources compile together under Verilator's lint, vendor primitives as yosys declares them.
{checks}
Never executed: synthesis, place and route by {tools}; the readers on a report that {tools} itself wrote; a
bitstream of this flow on a board.
"""
_CHECKS = {
    "vivado": "",
    "vitis": "- `kernel.xml` has the arguments and offsets of the register description.\n",
}
_FILES = {
    "vivado": (
        ("run.sh", "the command"),
        ("build.tcl", "synthesis, place and route, bitstream"),
        ("gates.tcl", "what stops a run"),
        ("design.tcl", "what those two have to know of this design"),
    ),
    "vitis": (
        ("run.sh", "the commands"),
        ("package.tcl", "packs the sources into a kernel object"),
        ("kernel.xml", "the kernel's ports and arguments"),
        ("link.cfg, link.env", "clock, memory and die of the kernel; the card's platform"),
        ("routed.tcl", "reports, and whether the routed design may be written"),
        ("gates.tcl", "what stops a run"),
        ("design.tcl", "what those scripts have to know of this design"),
    ),
}


@dataclass(frozen=True)
class Bundle:
    """A bundle that is written, whether it was run or not."""

    folder: Path
    flow: Flow
    inputs: str
    """SHA-256 of everything in it."""
    staged: Staged

    @property
    def product(self) -> Path:
        """The bitstream that a run leaves."""
        return self.folder / RESULTS / _PRODUCT[self.flow]

    def done(self) -> dict[str, str] | None:
        """What the last run of exactly these files wrote down at its end; None where there was none."""
        try:
            lines = (self.folder / RESULTS / DONE_FILE).read_text().splitlines()
        except OSError:
            return None
        words = dict(line.split(maxsplit=1) for line in lines if len(line.split()) > 1)
        return words if words.get("inputs") == self.inputs else None


def write_bundle(hardware: Hardware, board: Board, flow: Flow, folder: Path) -> Bundle:
    """Write the bundle of ``flow`` into ``folder``; results of an earlier run stay.

    Raises UserError for a board whose description lacks what the flow needs, and for a missing file.
    """
    if flow == "vivado" and board.clock_pin is None:
        raise UserError(f"{board.name}: the flow vivado needs clock_pin; add it to its board.toml.")
    if flow == "vitis" and board.card is None:
        raise UserError(f"{board.name}: the flow vitis needs a table [card]; add it to its board.toml.")
    staged = stage(hardware, board, folder / SOURCES)
    scripts = {path.name: path.read_text() for path in _scripts(flow)}
    if flow == "vivado":
        (staged.folder / _CLOCK_FILE).write_text(_clock(board))
    else:
        scripts["kernel.xml"] = kernel_xml(board.top, hardware.weight_bits)
        scripts["link.cfg"] = _link(board, hardware)
    scripts["design.tcl"] = _design(staged, board, hardware)
    content = "\0".join([staged.identity, *(f"{name}\0{scripts[name]}" for name in sorted(scripts))])
    inputs = hashlib.sha256(content.encode()).hexdigest()
    scripts["design.tcl"] += f"set inputs {inputs}\n"
    if board.card is not None:
        scripts["link.env"] = f"BOARD_PLATFORM={board.card.platform}\nINPUTS={inputs}\n"
    scripts["README.md"] = _readme(board, flow)
    for name, text in scripts.items():
        write_aside(folder / name, text)
    return Bundle(folder, flow, inputs, staged)


def _scripts(flow: Flow) -> list[Path]:
    flows = hardware_directory() / "flows"
    return [flows / "gates.tcl", *sorted((flows / flow).iterdir())]


def _design(staged: Staged, board: Board, hardware: Hardware) -> str:
    """Everything that the scripts have to know, as Tcl variables; files by their names in ``sources``."""
    names = sorted(path.name for path in staged.folder.iterdir())
    systemverilog = [name for name in staged.hdl if name.endswith(".sv")]
    lists = {
        # Packages first: Vivado compiles in this order.
        "systemverilog": sorted(systemverilog, key=lambda name: not _has_package(staged.folder / name)),
        "verilog": [name for name in staged.hdl if name.endswith(".v")],
        "images": [name for name in names if name.endswith(_IMAGE_SUFFIXES)],
        "includes": [DESIGN_INCLUDE, PORTS_INCLUDE],
        "constraints": [name for name in names if name.endswith(".xdc")],
    }
    if board.card is not None:
        lists["buses"] = [CONTROL, *_masters(hardware)]
    words = {
        "board": board.name,
        "identity": staged.identity,
        "part": board.device,
        "top": board.top,
        "clock_pin": "" if board.clock_pin is None else board.clock_pin,
    }
    budget = board.budget
    limits = {
        "(?:Slice|CLB) LUTs": budget.luts,
        "(?:Slice|CLB) Registers": budget.ffs,
        "Block RAM Tile": budget.bram_blocks,
        "DSPs": budget.dsps,
    }
    lines = ["# Written by ssnn-fpga from the plan and board.toml: compile again, do not edit."]
    lines += [f"set {name} {{{word}}}" for name, word in words.items()]
    for name, files in lists.items():
        lines += [f"set {name} {{", *(f"    {file}" for file in files), "}"]
    lines += ["set limits {", *(f"    {{{name}}} {limit}" for name, limit in limits.items()), "}"]
    return "\n".join(lines) + "\n"


def _has_package(file: Path) -> bool:
    return re.search(r"^\s*package\s", file.read_text(), re.MULTILINE) is not None


def _clock(board: Board) -> str:
    """The period is cut off after the picosecond, so that it is never longer than the clock's own."""
    period = int(1e6 / board.clock_mhz) / 1000
    return f"create_clock -name accelerator -period {period:.3f} [get_pins {{{board.clock_pin}}}]\n"


def _masters(hardware: Hardware) -> list[str]:
    """Ports of the kernel that reach the card's memory."""
    return [MEMORY, WEIGHTS] if hardware.weights else [MEMORY]


def _link(board: Board, hardware: Hardware) -> str:
    assert board.card is not None
    kernel = f"{board.top}_1"
    lines = [
        f"kernel_frequency={board.clock_mhz:g}",
        "",
        "[connectivity]",
        f"nk={board.top}:1:{kernel}",
        *(f"sp={kernel}.{port}:{board.card.memory}" for port in _masters(hardware)),
        f"slr={kernel}:{board.card.die}",
    ]
    return "\n".join(lines) + "\n"


def _readme(board: Board, flow: Flow) -> str:
    tools, product = ("Vivado", "Vitis")[flow == "vitis"], _PRODUCT[flow]
    source = "`vivado`" if flow == "vivado" else f"`vivado`, `v++`, and the platform {_platform(board)}"
    return _README.format(
        title=board.title,
        flow=flow,
        command=COMMAND,
        product=product,
        tools=tools,
        source=source,
        files="\n".join(f"| `{name}` | {text} |" for name, text in _FILES[flow]),
        include=DESIGN_INCLUDE,
        clock=board.clock_mhz,
        device=board.device,
        checks=_CHECKS[flow],
    )


def _platform(board: Board) -> str:
    assert board.card is not None
    return board.card.platform
