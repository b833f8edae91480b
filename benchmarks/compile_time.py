"""Wall-clock time of ``ssnn-fpga compile`` on the demo's network, start of the interpreter included.

Exits 1 when the median is 10 s or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import onnx

from benchmarks.golden_speed import engines
from quant_models.export import to_qonnx

ROUNDS = 3
TARGET_SECONDS = 10.0


def main() -> int:
    """Print the figures; 0 when the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    figures: dict[str, float] = {"target_seconds": TARGET_SECONDS}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        onnx.save(to_qonnx(engines()[0]), model)
        for board in ("ulx3s", "pynq-z2"):
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                command = [sys.executable, "-m", "ssnn_fpga", "compile", str(model), "--board", board]
                subprocess.run([*command, "--out", f"{folder}/{board}"], check=True, capture_output=True)
                times.append(time.perf_counter() - began)
            figures[f"{board}_seconds"] = statistics.median(times)
    print(
        json.dumps(figures, indent=2)
        if as_json
        else "\n".join(f"{key:18} {value:.2f}" for key, value in figures.items())
    )
    return 0 if max(figures["ulx3s_seconds"], figures["pynq-z2_seconds"]) < TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
