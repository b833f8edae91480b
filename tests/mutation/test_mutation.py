"""Would the benches notice? Every mutant of a copy of the hardware library must fail its bench."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.bench import ROOT, BenchFailure
from tests.mutation.mutants import MUTANTS

_PASSED: set[tuple[str, str]] = set()
"""Benches and shapes that passed on the copy before any edit."""


@pytest.fixture
def rtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the hardware library, from which benches build."""
    copy = shutil.copytree(ROOT / "hw" / "rtl", tmp_path / "rtl")
    monkeypatch.setenv("SSNN_FPGA_RTL", str(copy))
    return copy


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str, rtl: Path) -> None:
    """The bench passes on the copy and fails on the mutant, by its own finding.

    A mutant that does not compile raises BuildFailure, which is no BenchFailure: it shows up
    as an error of this table.
    """
    mutant = MUTANTS[name]
    key = (mutant.bench.__name__, mutant.shape)
    if key not in _PASSED:
        mutant.bench(mutant.shape)
        _PASSED.add(key)
    mutant.apply(rtl)
    with pytest.raises(BenchFailure) as caught:
        mutant.bench(mutant.shape)
    print(f"{name}: {caught.value}")


def test_edits_must_match_once(rtl: Path) -> None:
    """A mutant whose text has gone from the library is an error, not a mutant that survived."""
    mutant = next(iter(MUTANTS.values()))
    mutant.apply(rtl)
    with pytest.raises(ValueError, match="not once"):
        mutant.apply(rtl)
