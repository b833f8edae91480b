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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.synthesis import YOSYS, synthesise
from ssnn_fpga.boards.tools import version_of
from ssnn_fpga.boards.xilinx import LUT_RAMS
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import library_sources

FAMILIES = ("xc7", "ecp5")
_BOARDS = {"xc7": "pynq-z2", "ecp5": "ulx3s"}
TABLE = Path(__file__).with_suffix(".json")
CACHE = Path("build/resource_grid")
Parameters = dict[str, Any]

_READER = {
    "HEIGHT": 17,
    "WIDTH": 17,
    "CHANNELS": 8,
    "GROUP": 4,
    "PLANES": 4,
    "KERNEL": 3,
    "STRIDE": 1,
    "PADDING": 1,
    "ACT_BITS": 1,
    "SIMD": 18,
    "TP": 1,
    "PE_GROUPS": 4,
}
_SYNAPSES = {"PE": 2, "SIMD": 18, "TP": 1, "ACT_BITS": 1, "WEIGHT_BITS": 2, "ACC_BITS": 10, "DEPTH": 256}
_FRAME = {"TOKENS": 16, "PLANES": 4, "ACT_BITS": 1, "SIMD": 16, "TP": 1, "PE_GROUPS": 4}
_LIF = {
    "CHANNELS": 32,
    "PE": 2,
    "TIMESTEPS": 4,
    "NT": 1,
    "TL": 1,
    "ACC_BITS": 9,
    "MEM_BITS": 15,
    "THETA_BITS": 11,
    "BIAS_BITS": 10,
    "FRACTION": 4,
    "LEAK_MULT": 3,
    "LEAK_SHIFT": 2,
    "LEVELS": 1,
    "STRICT": 0,
    "RESET_ZERO": 0,
}
_POOL = {
    "HEIGHT": 16,
    "WIDTH": 16,
    "CHANNELS": 16,
    "GROUP": 8,
    "TIMESTEPS": 4,
    "ACT_BITS": 1,
    "OUT_BITS": 1,
    "SIZE": 2,
    "SUM": 0,
}
_READOUT = {
    "OUTPUTS": 10,
    "PE": 2,
    "TIMESTEPS": 4,
    "NT": 1,
    "ACC_BITS": 10,
    "LOGIT_BITS": 16,
    "BIAS_BITS": 10,
    "FRACTION": 4,
}
_TRANSFORM = {"GROUP": 8, "T_IN": 4, "T_OUT": 2, "ACT_BITS": 1, "OUT_BITS": 3, "SHIFT": 4, "FRACTION": 2}

_GRID: dict[str, tuple[Parameters, list[Parameters]]] = {
    "synapses": (_SYNAPSES, [
        {}, {"SIMD": 36, "WEIGHT_BITS": 4, "ACC_BITS": 12}, {"SIMD": 3, "PE": 8}, {"TP": 2, "SIMD": 9},
        {"ACT_BITS": 2, "TP": 2, "SIMD": 12}, {"DEPTH": 16}, {"ACT_BITS": 2}, {"SIMD": 36, "PE": 4},
        {"WEIGHT_BITS": 8, "ACC_BITS": 16, "SIMD": 9}, {"SIMD": 1, "PE": 8, "WEIGHT_BITS": 4},
        {"DEPTH": 64, "SIMD": 9}, {"SIMD": 72, "PE": 1}, {"WEIGHT_BITS": 3, "SIMD": 12, "ACC_BITS": 16},
        {"DEPTH": 4},
    ]),
    "window_reader": (_READER, [
        {}, {"SIMD": 72}, {"TP": 4, "SIMD": 9}, {"PLANES": 1, "SIMD": 6}, {"GROUP": 8, "PLANES": 2},
        {"PLANES": 4, "ACT_BITS": 2, "TP": 2}, {"CHANNELS": 2, "GROUP": 2, "SIMD": 6, "WIDTH": 64},
        {"STRIDE": 2, "GROUP": 2}, {"CHANNELS": 2, "GROUP": 2, "KERNEL": 5, "PADDING": 2, "SIMD": 25},
        {"CHANNELS": 16, "GROUP": 8, "SIMD": 24}, {"CHANNELS": 1, "GROUP": 1, "SIMD": 9, "PLANES": 8},
    ]),
    "frame_reader": (_FRAME, [
        {}, {"TP": 4, "SIMD": 8}, {"TP": 2, "PLANES": 8, "ACT_BITS": 2}, {"PLANES": 1}, {"TOKENS": 64},
        {"TOKENS": 2, "SIMD": 32},
    ]),
    "lif": (_LIF, [
        {}, {"LEVELS": 3}, {"NT": 4, "TL": 1}, {"PE": 4, "TIMESTEPS": 1}, {"NT": 4, "TL": 4},
        {"LEAK_MULT": 1, "LEAK_SHIFT": 1}, {"LEVELS": 7}, {"LEAK_MULT": 15, "LEAK_SHIFT": 4},
        {"LEAK_MULT": 0, "LEAK_SHIFT": 0}, {"RESET_ZERO": 1, "STRICT": 1},
        {"MEM_BITS": 20, "THETA_BITS": 16, "BIAS_BITS": 16, "ACC_BITS": 14}, {"CHANNELS": 256},
        {"NT": 2, "TL": 2, "LEVELS": 3},
    ]),
    "pool": (_POOL, [
        {}, {"ACT_BITS": 2, "OUT_BITS": 2}, {"SUM": 1, "OUT_BITS": 3}, {"GROUP": 2, "TIMESTEPS": 2},
        {"WIDTH": 128, "CHANNELS": 32}, {"SIZE": 3, "WIDTH": 34, "HEIGHT": 34},
        {"SUM": 1, "ACT_BITS": 2, "OUT_BITS": 4}, {"ACT_BITS": 3, "OUT_BITS": 3, "TIMESTEPS": 2},
    ]),
    "temporal_transform": (_TRANSFORM, [
        {}, {"T_IN": 8, "T_OUT": 4, "GROUP": 4}, {"ACT_BITS": 2, "OUT_BITS": 4}, {"T_IN": 2, "T_OUT": 1},
        {"ACT_BITS": 2, "OUT_BITS": 4, "T_IN": 3}, {"T_IN": 8, "T_OUT": 1}, {"T_IN": 6, "T_OUT": 3},
    ]),
    "readout": (_READOUT, [
        {}, {"PE": 10}, {"NT": 4}, {"OUTPUTS": 100, "PE": 4}, {"LOGIT_BITS": 24, "ACC_BITS": 16},
        {"TIMESTEPS": 1, "PE": 1}, {"OUTPUTS": 32, "PE": 8, "NT": 2},
    ]),
    "gearbox": ({"PLANES": 4, "IN_GROUP": 8, "OUT_GROUP": 4}, [
        {}, {"IN_GROUP": 1, "OUT_GROUP": 16}, {"IN_GROUP": 32, "OUT_GROUP": 4},
        {"IN_GROUP": 4, "OUT_GROUP": 32}, {"OUT_GROUP": 1}, {"OUT_GROUP": 8},
    ]),
    "stream_fifo": ({"WIDTH": 32, "DEPTH": 16}, [
        {}, {"DEPTH": 64}, {"DEPTH": 1024}, {"WIDTH": 128, "DEPTH": 4}, {"WIDTH": 7, "DEPTH": 33},
    ]),
}  # fmt: skip

# Whole layers, which the model is not fitted to: they show whether the parts add up.
_WHOLE: dict[str, list[Parameters]] = {
    "conv": [
        {"HEIGHT": 34, "WIDTH": 34, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 4, "ACT_BITS": 1,
         "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 16, "PE": 4, "SIMD": 18, "TP": 2,
         "WEIGHT_BITS": 2, "ACC_BITS": 6},
        {"HEIGHT": 8, "WIDTH": 8, "IN_CHANNELS": 8, "IN_GROUP": 4, "TIMESTEPS": 2, "ACT_BITS": 2,
         "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 16, "PE": 2, "SIMD": 12, "TP": 2,
         "WEIGHT_BITS": 3, "ACC_BITS": 11},
    ],
    "dense": [
        {"INPUTS": 256, "TIMESTEPS": 2, "ACT_BITS": 1, "OUTPUTS": 64, "PE": 4, "SIMD": 16, "TP": 1,
         "WEIGHT_BITS": 4, "ACC_BITS": 13},
    ],
}  # fmt: skip
_INIT = {
    "synapses": "WEIGHT_INIT",
    "conv": "WEIGHT_INIT",
    "dense": "WEIGHT_INIT",
    "lif": "INIT",
    "readout": "INIT",
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
    ram_luts: int
    """Of both, those that are RAM."""
    flip_flops: int
    block_rams: int
    """Of 18 kbit: RAMB18E1, half a RAMB36E1, DP16KD."""
    dsps: int


@dataclass(frozen=True)
class Flow:
    """How a family is synthesised: as ``boards/xilinx.py`` and ``boards/ecp5.py`` do it; the library
    holds no primitives, so their models need not be read first."""

    command: str
    memories: str
    after: str = ""


FLOWS = {
    "xc7": Flow(
        "synth_xilinx -family xc7 -flatten -abc9 -nosrl -noiopad -noclkbuf",
        "map_memory",
        "stat -tech xilinx",
    ),
    "ecp5": Flow("synth_ecp5", "map_ram"),
}


def shapes(modules: list[str] | None = None) -> Iterator[tuple[str, Parameters]]:
    """Every module with its parameters, the first shapes of all modules first."""
    lists = {name: [{**base, **change} for change in changes] for name, (base, changes) in _GRID.items()}
    lists |= _WHOLE
    for place in range(max(map(len, lists.values()))):
        for name, chosen in lists.items():
            if place < len(chosen) and (modules is None or name in modules):
                yield name, chosen[place]


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
            full["MATRIX"] = matrix(parameters)
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
        ram_luts = sum(luts * cells.get(name, 0) for name, luts in LUT_RAMS.items())
        estimate = int(re.findall(r"Estimated number of LCs:\s+(\d+)", log)[-1])
        return Row(
            module, parameters, luts=estimate + ram_luts, raw_luts=count(r"LUT[1-6]") + ram_luts,
            ram_luts=ram_luts,
            flip_flops=count(r"FD[RSCP]E"), block_rams=count("RAMB18E1") + 2 * count("RAMB36E1"),
            dsps=count("DSP48E1"),
        )  # fmt: skip
    ram_luts = 4 * count("TRELLIS_DPR16X4")
    luts = count("LUT4") + 2 * count("CCU2C") + ram_luts
    return Row(
        module, parameters, luts=luts, raw_luts=luts, ram_luts=ram_luts, flip_flops=count("TRELLIS_FF"),
        block_rams=count("DP16KD"), dsps=count("MULT18X18D"),
    )  # fmt: skip


def matrix(parameters: Parameters) -> str:
    """A row-stochastic matrix of windows that overlap, as the parameter's literal."""
    t_in, t_out, shift = parameters["T_IN"], parameters["T_OUT"], parameters["SHIFT"]
    value, bits = 0, shift + 1
    for t2 in range(t_out):
        middle = (t2 + 0.5) * t_in / t_out - 0.5
        weights = [max(0.0, 1.5 * t_in / t_out - abs(t1 - middle)) for t1 in range(t_in)]
        row = [int(w / sum(weights) * (1 << shift)) for w in weights]
        row[row.index(max(row))] += (1 << shift) - sum(row)
        for t1, entry in enumerate(row):
            value |= entry << ((t2 * t_in + t1) * bits)
    return f"{t_out * t_in * bits}'h{value:x}"


def additions(parameters: Parameters) -> Parameters:
    """What ``matrix`` makes a transformer add up: entries that are not zero, and their set bits."""
    value, bits = int(matrix(parameters).split("h")[1], 16), parameters["SHIFT"] + 1
    entries = [value >> (i * bits) & (1 << bits) - 1 for i in range(parameters["T_IN"] * parameters["T_OUT"])]
    return {"NONZERO": sum(entry > 0 for entry in entries), "ONES": value.bit_count()}


def image_shape(module: str, parameters: Parameters) -> tuple[int, int]:
    """Width and depth of the memory that the module is given."""
    p = parameters
    if module == "lif":
        return p["PE"] * (p["THETA_BITS"] + p["BIAS_BITS"]), ceil(p["CHANNELS"] / p["PE"])
    if module == "readout":
        return p["PE"] * p["BIAS_BITS"], ceil(p["OUTPUTS"] / p["PE"])
    width = p["PE"] * p["SIMD"] * p["WEIGHT_BITS"]
    if module == "conv":
        return width, ceil(p["KERNEL"] ** 2 * p["IN_CHANNELS"] / p["SIMD"]) * (p["OUT_CHANNELS"] // p["PE"])
    return width, p["DEPTH"] if module == "synapses" else p["INPUTS"] // p["SIMD"] * (p["OUTPUTS"] // p["PE"])


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
    parser.add_argument("--jobs", type=int, default=1, help="synthesis runs at a time")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument(
        "--cached", action="store_true", help="synthesise nothing, write what is in the cache"
    )
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one run")
    arguments = parser.parse_args()
    everything = list(shapes(arguments.modules))
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
