"""A run of all benches fails when one of the coverage points that sim/coverage.py declares is not met."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import coverage

CHECKOUT = Path(__file__).parents[2]
_BENCHES = """
import os
from pathlib import Path

import pytest

from sim import coverage

POINTS = [f"{module}: {point}" for module, points in coverage.POINTS.items() for point in points]


@pytest.mark.parametrize("half", [0, 1])
def test_bench(half):
    met = [point for point in POINTS[half::2] if point != os.environ.get("MISSED")]
    Path(os.environ["SSNN_FPGA_POINTS"], f"{half}.points").write_text("\\n".join(met))
"""


@pytest.mark.parametrize(
    ("arguments", "missed", "fails"),
    [
        ([], None, False),
        (["-n", "2"], "lif: reset zero", True),
        (["tests/hardware"], "tap_reader: sink hangs", True),
        (["tests/hardware/test_benches.py"], "lif: reset zero", False),
        (["-k", "bench"], "lif: reset zero", False),
    ],
    ids=["every-point-met", "one-missed", "folder-alone", "one-file", "chosen-by-name"],
)
def test_missing_point(arguments: list[str], missed: str | None, fails: bool, tmp_path: Path) -> None:
    """The checkout's own pytest hooks, on benches that write the points down and miss one."""
    benches = tmp_path / "tests" / "hardware"
    benches.mkdir(parents=True)
    (benches / "test_benches.py").write_text(_BENCHES)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    for name in ("SSNN_FPGA_POINTS", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        environment.pop(name, None)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", *arguments],
        cwd=tmp_path,
        env=environment | ({"MISSED": missed} if missed else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr
    assert ran.returncode == int(fails), ran.stdout + ran.stderr
    assert (f"coverage points that no bench met: {missed}" in ran.stdout) == fails


def test_points_that_no_one_declares() -> None:
    with pytest.raises(KeyError, match="no point"):
        coverage.hit("lif", "reset to one")
