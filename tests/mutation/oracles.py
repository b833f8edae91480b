"""Which benches can kill a mutant: every run that the benches' tests make, recorded instead of run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

import sim.bench
from sim.bench import ROOT, module_sources


@dataclass(frozen=True)
class Run:
    """The arguments of one call of ``run_bench``; ``test`` names the test that makes it."""

    test: str
    module: str
    given: dict[str, Any]
    sources: frozenset[str]
    """Modules of the library in it."""
    parts: frozenset[str]
    """Those that ``module`` itself instantiates."""

    def __call__(self) -> None:
        """Run the bench. Raises BenchFailure or BuildFailure."""
        sim.bench.run_bench(self.module, **self.given)

    @property
    def stalled(self) -> bool:
        """Whether every stream of the bench stalls now and then, as far as its traffic can be chosen."""
        rates = [value for key, value in self.given.get("config", {}).items() if key.startswith("stall")]
        return all(any(rate) if isinstance(rate, (list, tuple)) else rate for rate in rates)


class _Recorder:
    """A pytest plugin that stands in for ``run_bench`` while the tests of the hardware are called."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._test = ""

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._test = item.nodeid.rsplit("/", 1)[-1]

    def record(self, module: str, **given: Any) -> None:
        library = sim.bench.rtl_directory()
        if given.get("rtl") is None:
            sources = frozenset(path.stem for path in module_sources(module, library, given.get("top")))
            text = given.get("top") or (library / f"{module}.sv").read_text()
            parts = sources & set(re.findall(r"^\s*(\w+)\s*#?\s*\(", text, re.MULTILINE)) - {module}
            self.runs.append(Run(self._test, module, given, sources, frozenset(parts)))


_TESTS = (ROOT / "tests" / "hardware", ROOT / "tests" / "boards" / "test_uart.py")
_OTHERS = [
    f"--ignore={_TESTS[0] / name}" for name in ("test_lint.py", "test_accelerator.py", "test_vendor.py")
]
"""Tests among them that run no bench of a module of the library."""


def recorded_runs() -> list[Run]:
    """Every bench run of the tests, in their order; call before anything imports those tests."""
    recorder = _Recorder()
    original = sim.bench.run_bench
    sim.bench.run_bench = recorder.record
    try:
        quiet = ["-q", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "no:xdist"]
        pytest.main([*quiet, *_OTHERS, *map(str, _TESTS)], plugins=[recorder])
    finally:
        sim.bench.run_bench = original
    return recorder.runs


def oracles(module: str, runs: Iterable[Run]) -> list[Run]:
    """Runs that hold ``module``, the quickest to build and likeliest to kill first.

    The benches nearest to the module come with all their runs, those that instantiate it with the
    stalled run of each shape. Of those further away, one shape must do: they build far more than the
    mutant.
    """
    holding = [run for run in runs if module in run.sources]
    if not holding:
        return []
    nearest = min(len(run.sources) for run in holding)
    near = [run for run in holding if run.module == module or len(run.sources) == nearest]
    others = [run for run in holding if run not in near and run.stalled]
    users = {_shape(run): run for run in others if module in run.parts}
    far = {run.module: run for run in reversed(others) if module not in run.parts}
    # One shape's runs stay together, the stalled one first.
    shapes: dict[str, int] = {}
    for run in near:
        shapes.setdefault(_shape(run), len(shapes))
    ranked = sorted(near, key=lambda r: (shapes[_shape(r)], not r.stalled))
    return ranked + sorted((*users.values(), *far.values()), key=lambda r: len(r.sources))


def _shape(run: Run) -> str:
    return f"{run.module} {sorted(run.given['parameters'].items())}"
