"""Would the benches notice? Every mutant of a copy of the hardware library must fail its bench."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.bench import ROOT, BenchFailure, run_bench
from tests.mutation.equivalent import EQUIVALENT, reason
from tests.mutation.generator import PACKAGE_NAME, mutants_of, weave
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


# Woven mutants of the two-entry register: one of each operator that it has.
_SAMPLE = (
    "not dropped: !spare_valid_q -> (spare_valid_q)",
    "operator: !out_valid_o || out_ready_i -> (!out_valid_o) && (out_ready_i)",
    "condition negated: advance -> !(advance)",
    "assignment removed: spare_q <= in_data_i; -> ;",
    "constant: 1'b0 -> 1'b1",
)


def test_woven_mutants_are_caught(rtl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One build holds them all; none is alive unless it is chosen, and each chosen one is caught."""
    library = mutants_of(rtl / "stream_register.sv")
    numbered = list(enumerate((m for m in library if m.woven), 1_000_000))
    weave(numbered, rtl)
    assert (rtl / f"{PACKAGE_NAME}.sv").exists()
    monkeypatch.setenv("SSNN_FPGA_FLAGS", "-Wno-lint -Wno-style -Wno-fatal")
    parameters = {"WIDTH": 9}
    config = {
        "tokens": 300,
        "stall_in": 0.4,
        "stall_out": 0.4,
        "hang": False,
        "capacity": 2,
        "full_rate": False,
    }

    def bench() -> None:
        run_bench("stream_register", bench="bench_stream_fifo", parameters=parameters, seed=1, config=config)

    bench()
    for wanted in _SAMPLE:
        number = next(n for n, m in numbered if m.name.split(" ", 1)[1] == wanted)
        monkeypatch.setenv("SSNN_FPGA_PLUSARGS", f"+mutant={number}")
        with pytest.raises(BenchFailure):
            bench()


def test_parameter_checks_and_ports_are_left_alone() -> None:
    """What is mutated is the hardware, not its messages."""
    for path in sorted((ROOT / "hw" / "rtl").glob("*.sv")):
        text = path.read_bytes()
        for mutant in mutants_of(path):
            assert text[mutant.start : mutant.end].decode() == mutant.old
            assert "$error" not in mutant.old, mutant.name


def test_equivalents_are_mutants_of_the_library() -> None:
    """An entry whose source line has changed says nothing any more."""
    library = (mutant for path in (ROOT / "hw" / "rtl").glob("*.sv") for mutant in mutants_of(path))
    found = {why for mutant in library if (why := reason(mutant.name))}
    assert found == set(EQUIVALENT.values())


def test_edits_must_match_once(rtl: Path) -> None:
    """A mutant whose text has gone from the library is an error, not a mutant that survived."""
    mutant = next(iter(MUTANTS.values()))
    mutant.apply(rtl)
    with pytest.raises(ValueError, match="not once"):
        mutant.apply(rtl)
