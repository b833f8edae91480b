"""``python -m benchmarks``: all of them, one after another; fails when one misses its target."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "golden_speed",
    "training_speed",
    "compile_time",
    "harness_speed",
    "kernel_cells",
    "layer_against_finn",
)


def main() -> int:
    """Run each in a process of its own, so that none warms another's caches."""
    missed = []
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            missed.append(name)
    print(f"missed: {', '.join(missed)}" if missed else "all targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
