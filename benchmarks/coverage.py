"""Line and toggle coverage of hw/rtl over its benches, by Verilator, module by module.

Runs tests/hardware with coverage built in (builds of their own), which also asks for every
functional point of ``sim/coverage.py``. Exits 1 when a module stays under the target, unless
``WAIVED`` says why, or when a bench or a point fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from sim.bench import ROOT, tool_environment

TARGET = 95.0
WAIVED: dict[tuple[str, str], str] = {}
"""(module, "line" or "toggle"): why the module may stay under the target."""

_POINT = re.compile(r"C '(.*)' (\d+)$")


def run(folder: Path, jobs: int, tests: list[str]) -> int:
    """The benches, their data into ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {
        **os.environ,
        "SSNN_FPGA_FLAGS": "--coverage-line --coverage-toggle",
        "SSNN_FPGA_COVERAGE": str(folder),
    }
    every = [] if tests else ["--every-point"]
    command = [sys.executable, "-m", "pytest", "-n", str(jobs), *every, *(tests or ["tests/hardware"])]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def percentages(folder: Path) -> dict[str, dict[str, tuple[int, int]]]:
    """(points met, points) of each module by kind; a point is met when any shape met it.

    A point is a line of a file, or a bit of a signal in one direction; instances and shapes of a
    module count together.
    """
    merged = folder / "merged.dat"
    subprocess.run(
        ["verilator_coverage", "--write", str(merged), *map(str, sorted(folder.glob("*-run-*.dat")))],
        env=tool_environment(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in merged.read_text(errors="replace").splitlines():
        found = _POINT.match(line)
        if not found:
            continue
        fields = dict(field.split("\x02", 1) for field in found[1].split("\x01") if "\x02" in field)
        kind = "toggle" if fields.get("page", "").startswith("v_toggle") else "line"
        place = f"{fields.get('l')} {fields.get('n')} {fields.get('o')}"
        counts[Path(fields["f"]).stem, kind, place] += int(found[2])
    table: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for (module, kind, _), count in counts.items():
        met, points = table[module].get(kind, (0, 0))
        table[module][kind] = (met + (count > 0), points + 1)
    return table


def main() -> int:
    """Print the table; 0 when every module reaches the target or is waived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("tests", nargs="*", help="only these tests: no functional points are asked for")
    arguments = parser.parse_args()
    folder = ROOT / "build" / "coverage"
    failed = run(folder, arguments.jobs, arguments.tests)
    missed = []
    print("| module | lines | toggles |\n|---|---|---|")
    for module, kinds in sorted(percentages(folder).items()):
        cells = []
        for kind in ("line", "toggle"):
            met, points = kinds.get(kind, (0, 0))
            share = 100 * met / points if points else 100.0
            cells.append(f"{share:.1f} % ({met} of {points})")
            if share < TARGET and (module, kind) not in WAIVED:
                missed.append(f"{module} {kind} {share:.1f} %")
        print(f"| `{module}` | {' | '.join(cells)} |")
    print(f"under {TARGET:.0f} %: {', '.join(missed)}" if missed else f"all at {TARGET:.0f} % or waived")
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main())
