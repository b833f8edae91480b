"""What every library module takes, by real synthesis over a grid of its parameters.

Each shape goes through the flow of its family, the one that builds a bitstream, as the top module
with its write ports tied off and its memories filled at random, as in a generated accelerator. The
table, ``benchmarks/resource_grid.json``, is what ``python -m benchmarks.resource_fit`` fits the
planner's resource model to. A run is cached by its sources, parameters and tool, so that a repeated
command synthesises only what changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.resource_shapes import Parameters, image_shape, matrix_literal, shapes
from ssnn_fpga.boards import ecp5, xilinx_synthesis
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.synthesis import YOSYS, synthesise
from ssnn_fpga.boards.tools import version_of
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import library_sources

FAMILIES = ("xc7", "ecp5")
_BOARDS = {"xc7": "pynq-z2", "ecp5": "ulx3s"}
TABLE = Path(__file__).with_suffix(".json")
CACHE = Path("build/resource_grid")
_INIT = {
    "synapses": "WEIGHT_INIT",
    "conv": "WEIGHT_INIT",
    "dense": "WEIGHT_INIT",
    "scatter_conv": "WEIGHT_INIT",
    "lif": "INIT",
    "readout": "INIT",
    "join_current": "INIT",
}
_PRIMITIVES = "read_verilog -lib +/xilinx/cells_sim.v"
_TIE_OFF = "; ".join(
    ["delete -port w:write_en_i w:write_addr_i w:write_data_i", "connect -set write_en_i 1'0"]
)


@dataclass(frozen=True)
class Row:
    """What one shape of a module takes."""

    module: str
    parameters: Parameters
    luts: int
    """xc7: yosys' estimated logic cells, which pack two small LUTs into one, and LUTs that are RAM.
    ecp5: LUT4s, two a carry cell and four a RAM cell."""
    raw_luts: int
    """The same, with every LUT cell counted."""
    small_luts: int
    """Of ``raw_luts``, those of one or two inputs, which share a cell with others."""
    ram_luts: int
    """Of both, those that are RAM."""
    flip_flops: int
    block_rams: int
    """Of 18 kbit: RAMB18E1, half a RAMB36E1, DP16KD."""
    dsps: int


@dataclass(frozen=True)
class Flow:
    """How a family is synthesised: the commands of ``boards/xilinx_synthesis.py`` and ``boards/ecp5.py``."""

    command: str
    memories: str
    after: str = ""


FLOWS = {
    "xc7": Flow(xilinx_synthesis.ALONE, xilinx_synthesis.MAP_MEMORIES, xilinx_synthesis.STATISTICS),
    "ecp5": Flow(ecp5.COMMAND, ecp5.MAP_MEMORIES),
}


def measure(family: str, module: str, parameters: Parameters, cache: Path, timeout_s: float) -> Row | None:
    """Cells of one shape, from the cache or by synthesis; None where synthesis failed."""
    stored = _cached(family, module, parameters, cache)
    if stored.is_file():
        return Row(**json.loads(stored.read_text()))
    sources = _sources(family, module)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in sources:
            shutil.copyfile(source, folder / source.name)
        full = dict(parameters)
        if module == "temporal_transform":
            full["MATRIX"] = matrix_literal(parameters)
        if module == "join_sum":
            full["ACT_BITS"] = f"{8 * parameters['INPUTS']}'h{parameters['ACT_BITS']:x}"
        if module in _INIT:
            _write_image(folder / "image.hex", *image_shape(module, parameters))
            full[_INIT[module]] = '"image.hex"'
        flow = FLOWS[family]
        try:
            cells = synthesise(
                Staged(folder, tuple(path.name for path in sources), ""),
                module,
                flow.command,
                flow.memories,
                folder / "mapped" / "netlist.json",
                folder / "logs",
                after=flow.after,
                # Models of the primitives, where the module instantiates some.
                before=_PRIMITIVES if any(path.suffix == ".v" for path in sources) else "",
                parameters=full,
                timeout_s=timeout_s,
                read=f"cd {module}; {_TIE_OFF}; cd .." if module in _INIT else "",
                progress=False,
            )
        except UserError as error:
            print(f"{family} {module} {parameters}: {error}", file=sys.stderr)
            return None
        row = row_of(family, module, parameters, cells, (folder / "logs" / "synthesis.log").read_text())
    cache.mkdir(parents=True, exist_ok=True)
    aside = stored.with_suffix(".new")
    aside.write_text(json.dumps(row.__dict__))
    aside.replace(stored)
    return row


def _sources(family: str, module: str) -> list[Path]:
    """Files of a module, those in place of which the family's board has its own replaced by them."""
    board = load_board(_BOARDS[family])
    own = {Path(name).name: board.folder / name for name in board.sources if "vendor" in name}
    files = {path.name: path for path in library_sources([module])}
    if not own.keys() & files.keys():
        return list(files.values())
    return list((files | own).values())


def _cached(family: str, module: str, parameters: Parameters, cache: Path) -> Path:
    """Where a row is kept: by all that it depends on."""
    facts = json.dumps(
        [FLOWS[family].__dict__, module, parameters, version_of(YOSYS)], sort_keys=True
    ).encode()
    sources = b"".join(path.read_bytes() for path in _sources(family, module))
    return cache / f"{hashlib.sha256(facts + sources).hexdigest()[:24]}.json"


def row_of(family: str, module: str, parameters: Parameters, cells: dict[str, int], log: str) -> Row:
    """The counts that the board's budget is compared with."""

    def count(pattern: str) -> int:
        return sum(number for name, number in cells.items() if re.fullmatch(pattern, name))

    if family == "xc7":
        ram_luts = sum(luts * cells.get(name, 0) for name, luts in xilinx_synthesis.LUT_RAMS.items())
        return Row(
            module,
            parameters,
            luts=int(re.findall(r"Estimated number of LCs:\s+(\d+)", log)[-1]) + ram_luts,
            raw_luts=count(r"LUT[1-6]") + ram_luts,
            small_luts=count(r"LUT[12]"),
            ram_luts=ram_luts,
            flip_flops=count(r"FD[RSCP]E"),
            block_rams=count("RAMB18E1") + 2 * count("RAMB36E1"),
            dsps=count("DSP48E1"),
        )
    need = ecp5.ecp5_need(cells)
    return Row(
        module,
        parameters,
        luts=need["LUTs"],
        raw_luts=need["LUTs"],
        small_luts=0,
        ram_luts=4 * count("TRELLIS_DPR16X4"),
        flip_flops=need["flip-flops"],
        block_rams=need["block RAMs"],
        dsps=need["multipliers"],
    )


def _write_image(path: Path, width: int, depth: int) -> None:
    chance = random.Random(width * 65537 + depth)
    path.write_text("".join(f"{chance.getrandbits(width):x}\n" for _ in range(depth)))


def main() -> int:
    """Synthesise what is not in the cache and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=FAMILIES, help="both if not given")
    parser.add_argument(
        "--modules", type=lambda text: text.split(","), help="comma-separated; all if not given"
    )
    parser.add_argument("--most", type=int, help="shapes of a module; all if not given")
    parser.add_argument("--jobs", type=int, default=1, help="synthesis runs at a time")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument(
        "--cached", action="store_true", help="synthesise nothing, write what is in the cache"
    )
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one run")
    arguments = parser.parse_args()
    everything = list(shapes(arguments.modules, arguments.most))
    table = json.loads(TABLE.read_text()) if TABLE.is_file() else {}
    failed = 0
    for family in FAMILIES if arguments.family is None else (arguments.family,):
        chosen = [
            s for s in everything if not arguments.cached or _cached(family, *s, arguments.cache).is_file()
        ]
        with ThreadPoolExecutor(arguments.jobs) as pool:
            rows = list(
                pool.map(lambda s, f=family: measure(f, *s, arguments.cache, arguments.timeout), chosen)
            )
        failed += rows.count(None)
        kept = [] if arguments.modules is None else table.get(family, {}).get("rows", [])
        kept = [row for row in kept if row["module"] not in arguments.modules]
        table[family] = {
            "tool": version_of(YOSYS),
            "flow": FLOWS[family].command,
            "rows": kept + [asdict(row) for row in rows if row is not None],
        }
    TABLE.write_text(_text(table))
    return 1 if failed else 0


def _text(table: dict[str, Any]) -> str:
    """JSON with one row a line."""
    families = []
    for family, content in sorted(table.items()):
        rows = ",\n".join("   " + json.dumps(row) for row in content["rows"])
        head = "".join(f"  {json.dumps(key)}: {json.dumps(content[key])},\n" for key in ("tool", "flow"))
        families.append(f' {json.dumps(family)}: {{\n{head}  "rows": [\n{rows}\n  ]\n }}')
    return "{\n" + ",\n".join(families) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
