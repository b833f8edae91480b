"""Line and toggle coverage of hw/rtl over its benches, by Verilator, module by module.

Runs the benches with coverage built in (builds of their own); all of tests/hardware also asks for
every functional point of ``sim/coverage.py``. Exits 1 when a module stays under the target or when
a bench or a functional point fails.

A point is a line of a file, or a bit of a signal in one direction; instances and shapes of a module
count together. What cannot be met is left out of the count, where it was not met: lines of functions
that run at elaboration, signals ``unused*`` that are there for lint, and what ``EXCUSED`` names.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from sim.bench import ROOT
from tests.mutation.generator import elaboration_lines

TARGET = 95.0
TESTS = ["tests/hardware", "tests/boards/test_uart.py"]
EXCUSED: dict[tuple[str, str], str] = {
    ("accumulator", "offset_i"): "zero unless weights are binary, whose shapes have narrower terms",
    ("event_bins", "g_by_time.lengths"): "durations of the bins, constants",
    ("event_bins", "g_by_time.length"): "one of these constants",
    ("event_bins", "g_by_time.g_decay.place"): "a time since a window's begin, below WINDOW",
    ("pool", "g_timestep.g_channel.value"): "an input value, extended with zeros to the sum's width",
    ("popcount_array", "offset"): "zero unless weights are binary, whose shapes have narrower terms",
    ("popcount_array", "addend_offset"): "as offset",
    ("tap_reader", "row_of"): "a table of constants",
    ("tap_reader", "step_of"): "a table of constants",
    ("temporal_transform", "g_channel.g_timestep.g_table.entries"): "the table's entries, constants",
    ("streamed_conv", "errors_o"): "no read fails in its bench; streamed_dense's makes such",
    ("axi_burst", "longest"): "at most MAX_BURST, in 32 bits",
    **{
        (module, signal): "at most MAX_BURST, 16 in the benches, of 256"
        for module, signals in {
            "axi_accelerator": ("m_axi_awlen", "m_axi_arlen"),
            "axi_burst": ("length_o",),
            "axi_reader": ("length", "cut_q", "ar_len_o"),
            "axi_writer": ("length", "cut_q", "aw_len_o", "to_send_q"),
        }.items()
        for signal in signals
    },
    **{
        ("axi_accelerator", f"m_axi_{channel}{signal}"): "a constant"
        for channel in ("aw", "ar")
        for signal in ("id", "size", "burst", "cache", "prot")
    },
    **dict.fromkeys(
        (
            ("axi_accelerator", "event_counts"),
            ("input_decoder", "event_counts_o"),
            ("run_counters", "event_counts_i"),
        ),
        "counts of the front end, 0 without one; event_filter's bench fills them",
    ),
    ("input_decoder", "event_token"): "0 without a front end, and tokens of events are narrow",
    ("axi_accelerator", "m_axi_wstrb"): "a constant",
    ("axi_accelerator", "m_axi_rready"): "always high: there is room for all that was asked for",
    ("axi_accelerator", "m_axi_bready"): "always high",
    ("axi_reader", "r_ready_o"): "always high: there is room for all that was asked for",
    ("axi_reader", "fifo_ready"): "as r_ready_o",
    ("axi_writer", "b_ready_o"): "always high",
    ("read_arbiter", "ar_size_o"): "a constant",
    ("read_arbiter", "ar_burst_o"): "a constant",
    ("read_arbiter", "r_ready_o"): "always high: the masters have room for all that they asked for",
    **{
        (module, f"{prefix}_{signal}"): "the generated registers answer nothing with an error"
        for module, prefix in (
            ("axi_accelerator", "s_axi"),
            ("host_registers", "s_axi"),
            ("accelerator_registers", "s_axil"),
        )
        for signal in ("bresp", "rresp")
    },
    **{
        ("accelerator_registers", signal): "the generated registers answer nothing with an error"
        for signal in ("cpuif_rd_err", "cpuif_wr_err", "decoded_err", "readback_err")
    },
    **{
        ("accelerator_registers", f"hwif_in.{signal}.next"): "what a design is, a constant of each shape"
        for signal in (
            "magic.value",
            "version.value",
            "identity.value",
            "frame_tokens.value",
            "widths.token_bits",
            "widths.result_bits",
            "features.events",
            "features.loadable",
            "features.address_bits",
        )
    },
    **{
        (module, signal): why
        for module in ("event_filter", "event_front_end")
        for signal, why in dict.fromkeys(
            ("accepted_o", "outside_o", "backwards_o"),
            "32 bits at the AXI edge; the front end's own bench fills narrower ones",
        ).items()
    },
    **{
        ("streamed_dense", signal): "32 bits; a run of the bench counts some hundred"
        for signal in ("starved_o", "errors_o")
    },
    ("weight_port", "base_i"): "the place of a whole page: twelve low bits are 0",
    **{
        (module, signal): why
        for module in ("weight_fetch", "streamed_dense", "streamed_conv")
        for signal, why in {
            "base_i": "steady after reset",
            "ar_len_o": "at most 15 of 255",
            "ar_size_o": "a constant",
            "ar_burst_o": "a constant",
            "r_ready_o": "always high",
        }.items()
    },
}
"""(module, signal without its indices): why bits of it cannot toggle in the benches' shapes."""

_POINT = re.compile(r"C '(.*)' (\d+)$")


def run(folder: Path, jobs: int, tests: list[str]) -> int:
    """The benches, their data into ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {
        **os.environ,
        "SSNN_FPGA_FLAGS": "--coverage-line --coverage-toggle",
        "SSNN_FPGA_COVERAGE": str(folder),
    }
    command = [sys.executable, "-m", "pytest", "-n", str(jobs), *(tests or TESTS)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def points(folder: Path) -> Counter[tuple[str, str, int, str]]:
    """How often each point (module, "line" or "toggle", line, signal or branch) was met."""
    counts: Counter[tuple[str, str, int, str]] = Counter()
    for data in folder.glob("*.dat"):
        for line in data.read_text(errors="replace").splitlines():
            found = _POINT.match(line)
            if found:
                fields = dict(field.split("\x02", 1) for field in found[1].split("\x01") if "\x02" in field)
                kind = "toggle" if fields["page"].startswith("v_toggle") else "line"
                place = (Path(fields["f"]).stem, kind, int(fields["l"]), fields["o"])
                counts[place] += int(found[2])
    return counts


def _excused(module: str, kind: str, line: int, name: str, functions: set[int]) -> bool:
    """Whether a point that was not met is one that cannot be met."""
    if kind == "line":
        return line in functions
    signal = re.sub(r"\[\d+\]|:[01]->[01]$", "", name)
    return signal.rsplit(".", 1)[-1].startswith("unused") or (module, signal) in EXCUSED


def percentages(
    counts: Counter[tuple[str, str, int, str]],
) -> tuple[dict[str, dict[str, tuple[int, int, int]]], list[str]]:
    """(points met, points, points left out) of each module of the library by kind; the points missed."""
    library = {path.stem: elaboration_lines(path) for path in (ROOT / "hw" / "rtl").glob("*.sv")}
    table: dict[str, dict[str, tuple[int, int, int]]] = {module: {} for module in library}
    missed = []
    for (module, kind, line, name), count in sorted(counts.items()):
        if module not in library:
            continue  # a bench's own top
        met, all_points, left_out = table[module].get(kind, (0, 0, 0))
        if not count and _excused(module, kind, line, name, library[module]):
            left_out += 1
        else:
            met, all_points = met + (count > 0), all_points + 1
            if not count:
                missed.append(f"{module}:{line} {name}")
        table[module][kind] = met, all_points, left_out
    return table, missed


def _cell(met: int, all_points: int, left_out: int) -> str:
    if not all_points:
        return "none"
    share = 100 * met / all_points
    return f"{share:.1f} % ({met} of {all_points}{f', {left_out} left out' if left_out else ''})"


def main() -> int:
    """Print the table; 0 when every module reaches the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--missed", action="store_true", help="list every point that was not met")
    parser.add_argument("tests", nargs="*", help="only these tests: no functional points are asked for")
    arguments = parser.parse_args()
    folder = ROOT / "build" / "coverage"
    failed = run(folder, arguments.jobs, arguments.tests)
    table, missed = percentages(points(folder))
    under = []
    total = {"line": (0, 0, 0), "toggle": (0, 0, 0)}
    print("| module | lines | toggles |\n|---|---|---|")
    for module, kinds in sorted(table.items()):
        cells = [kinds.get(kind, (0, 0, 0)) for kind in total]
        print(f"| `{module}` | {' | '.join(_cell(*cell) for cell in cells)} |")
        for kind, cell in zip(total, cells, strict=True):
            total[kind] = tuple(map(sum, zip(total[kind], cell, strict=True)))
            if 100 * cell[0] < TARGET * cell[1] or not kinds:
                under.append(f"{module} {kind}")
    print(f"| all | {' | '.join(_cell(*cell) for cell in total.values())} |")
    if arguments.missed:
        print("\n".join(missed))
    print(f"under {TARGET:.0f} %: {', '.join(under)}" if under else f"every module at {TARGET:.0f} %")
    return 1 if under or failed else 0


if __name__ == "__main__":
    sys.exit(main())
