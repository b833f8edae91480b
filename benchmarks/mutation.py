"""Mutates the hardware library and counts the mutants that no bench notices.

A sample of all mutants that ``tests/mutation/generator.py`` finds, by seed, every module in it: a
larger count with the same seed only adds mutants. Results go to a JSON file after every mutant, and
a mutant whose file did not change is not run again, unless it survived and ``--retry`` asks for it.
Exits 1 when more than 5 % survive or a module has no bench.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from sim.bench import ROOT, BenchFailure, BuildFailure, build
from tests.formal.proofs import counterexample, tasks
from tests.mutation.equivalent import reason
from tests.mutation.generator import Mutant, apply, mutants_of, weave
from tests.mutation.oracles import Run, oracles, recorded_runs

PLAIN_SHARE = 0.1
"""Share of the sample that is fixed at elaboration and needs a build of its own."""
EACH = 2
"""Mutants of each module that come before all others."""
TARGET = 0.05
_WARNINGS = "-Wno-lint -Wno-style -Wno-fatal"
_LIMIT = 600  # seconds a run, its build not included
_PROOF_LIMIT = 60  # seconds a task of a proof

_FIRST = 1_000_000  # numbers that no other constant of a compiled model is likely to have

_runs: list[Run] = []


class _Hang(BenchFailure):
    """A mutant that keeps the simulation from ending."""


def _expire(*_: Any) -> None:
    raise _Hang("no end")


def sample(count: int, seed: int, modules: list[str], rtl: Path) -> list[tuple[int, Mutant]]:
    """``count`` mutants with their numbers, which they keep whatever the count."""
    found = [m for module in modules for m in mutants_of(rtl / f"{module}.sv")]
    numbered = list(enumerate(found, _FIRST))
    random.Random(seed).shuffle(numbered)
    plain = [item for item in numbered if not item[1].woven][: round(count * PLAIN_SHARE)]
    woven = [item for item in numbered if item[1].woven]
    place: Counter[str] = Counter()
    early, late = [], []
    for item in woven:
        (early if place[item[1].module] < EACH else late).append(item)
        place[item[1].module] += 1
    return [*early, *late][: count - len(plain)] + plain


def _refuting(mutant: Mutant) -> str | None:
    """The module's own proof, where it refutes the mutant with a trace from reset."""
    if not (ROOT / "hw" / "formal" / f"{mutant.module}.sby").exists():
        return None
    for task in tasks(mutant.module):
        with tempfile.TemporaryDirectory() as place:
            hardware = Path(place)
            for part in ("rtl", "formal"):
                shutil.copytree(ROOT / "hw" / part, hardware / part)
            apply(mutant, hardware / "rtl")
            if counterexample(mutant.module, task, hardware, _PROOF_LIMIT)[0] == "FAIL":
                return f"proof {mutant.module} {task}"
    return None


def _try(number: int, mutant: Mutant, folder: Path, most: int | None, proofs: bool) -> dict[str, Any]:
    """Run the benches, ``most`` of them, until one fails; the verdict of a mutant."""
    began = time.monotonic()
    if proofs and (by := _refuting(mutant)):
        seconds = round(time.monotonic() - began, 1)
        return {"mutant": mutant.name, "verdict": "killed", "by": by, "words": "", "seconds": seconds}
    signal.signal(signal.SIGALRM, _expire)
    if mutant.woven:
        rtl = folder / "woven"
        os.environ["SSNN_FPGA_PLUSARGS"] = f"+mutant={number}"
    else:
        rtl = folder / f"plain-{number}"
        shutil.copytree(ROOT / "hw" / "rtl", rtl, dirs_exist_ok=True)
        os.environ["SSNN_FPGA_PLUSARGS"] = ""
        apply(mutant, rtl)
    os.environ["SSNN_FPGA_RTL"] = str(rtl)
    os.environ["SSNN_FPGA_FLAGS"] = _WARNINGS
    verdict, by, words, refused = "survived", "", "", 0
    chosen = oracles(mutant.module, _runs)[:most]
    for run in chosen:
        if not (mutant.woven or run.stalled):
            continue  # most of a plain mutant is its build: one run of each shape
        try:
            built = build(run.module, run.given["parameters"], rtl, run.given.get("top"))
            if not mutant.woven or _holds(built, number):
                signal.alarm(_LIMIT)
                with redirect_stdout(io.StringIO()):
                    run()
        except BuildFailure as error:
            refused += 1
            words = str(error).splitlines()[-1] if refused == 1 else words
            if mutant.woven:
                raise
            if refused >= 3:  # the tool refuses it in every shape tried
                break
        except BenchFailure as error:
            verdict, by, words = "killed", run.test, str(error).splitlines()[-1][:200]
            break
        finally:
            signal.alarm(0)
    if verdict == "survived" and (refused or not (mutant.woven or _lint_passes(chosen, rtl))):
        verdict = "refused"
    if not chosen and not proofs:
        verdict = "no bench"
    if not mutant.woven:
        shutil.rmtree(rtl)
    seconds = round(time.monotonic() - began, 1)
    return {"mutant": mutant.name, "verdict": verdict, "by": by, "words": words, "seconds": seconds}


def _lint_passes(runs: list[Run], rtl: Path) -> bool:
    """Whether the benches' own build, warnings being errors, takes the mutant in every shape."""
    os.environ["SSNN_FPGA_FLAGS"] = ""
    try:
        for run in runs:
            if run.stalled:
                build(run.module, run.given["parameters"], rtl, run.given.get("top"))
    except BuildFailure:
        return False
    return True


def _holds(folder: Path, number: int) -> bool:
    """Whether the mutant is in the build's shape at all: another branch of a generate may stand there."""
    return any(f"0x{number:08x}U" in source.read_text() for source in folder.glob("Vtop*.cpp"))


def _baseline(folder: Path, runs: list[Run]) -> None:
    """The woven copy with no mutant alive must pass: weaving changes nothing by itself."""
    os.environ |= {
        "SSNN_FPGA_RTL": str(folder / "woven"), "SSNN_FPGA_FLAGS": _WARNINGS, "SSNN_FPGA_PLUSARGS": "",
    }  # fmt: skip
    for run in runs:
        with redirect_stdout(io.StringIO()):
            run()


def campaign(
    count: int,
    seed: int,
    jobs: int,
    modules: list[str],
    report: Path,
    *,
    retry: bool = False,
    most: int | None = None,
    proofs: bool = False,
) -> list[dict[str, Any]]:
    """Verdicts of a sample of mutants, read from ``report`` where they stand there already."""
    global _runs
    rtl = ROOT / "hw" / "rtl"
    _runs = recorded_runs()
    chosen = sample(count, seed, modules or sorted(path.stem for path in rtl.glob("*.sv")), rtl)
    library = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in rtl.glob("*.sv")}
    folder = ROOT / "build" / "mutation" / hashlib.sha256(repr(chosen).encode()).hexdigest()[:12]
    shutil.rmtree(folder, ignore_errors=True)
    woven = Path(shutil.copytree(rtl, folder / "woven"))
    weave([(n, m) for n, m in chosen if m.woven], woven)

    known = json.loads(report.read_text()) if report.exists() else {}
    verdicts: dict[str, dict[str, Any]] = {}
    todo = []
    for number, mutant in chosen:
        key = f"{library[mutant.module]} {mutant.start} {mutant.end} {mutant.new}"
        if key in known and not (retry and known[key]["verdict"] == "survived"):
            verdicts[key] = known[key]
        else:
            todo.append((key, number, mutant))
    first = {module: runs[0] for module in {m.module for _, _, m in todo} if (runs := oracles(module, _runs))}
    # The quickest to build first, and all of one module beside each other.
    size = {module: len(run.sources) for module, run in first.items()}
    todo.sort(key=lambda t: (not t[2].woven, size.get(t[2].module, 0), t[2].module))
    _baseline(
        folder,
        list({run.test: run for run in first.values()}.values())
        if not (report.exists() or most == 0)
        else [],
    )
    # Each worker leads a group of processes, so that its simulation ends with it, hung or not.
    with ProcessPoolExecutor(max_workers=jobs, initializer=os.setpgrp) as pool:
        running = {
            pool.submit(_try, number, mutant, folder, most, proofs): key for key, number, mutant in todo
        }
        try:
            for done in as_completed(running):
                verdict = done.result()
                verdicts[running[done]] = known[running[done]] = verdict
                report.parent.mkdir(parents=True, exist_ok=True)
                report.write_text(json.dumps(known, indent=1))
                print(f"{verdict['verdict']:9} {verdict['seconds']:6.1f} s  {verdict['mutant']}", flush=True)
        except BaseException:
            for worker in multiprocessing.active_children():
                assert worker.pid
                os.killpg(worker.pid, signal.SIGKILL)
            raise
    return list(verdicts.values())


def main() -> int:
    """Print the table; 0 when at most 5 % of the mutants survive unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=220)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--modules", nargs="*", default=[])
    parser.add_argument("--retry", action="store_true", help="run the survivors again")
    parser.add_argument("--runs", type=int, help="at most so many bench runs a mutant: fewer kill less")
    parser.add_argument("--proofs", action="store_true", help="a module's own proof comes before its benches")
    parser.add_argument("--report", type=Path, default=ROOT / "build" / "mutation" / "results.json")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    verdicts = campaign(
        arguments.count, arguments.seed, arguments.jobs, arguments.modules, arguments.report,
        retry=arguments.retry, most=arguments.runs, proofs=arguments.proofs,
    )  # fmt: skip
    table: dict[str, Counter[str]] = {}
    unexplained = []
    for verdict in verdicts:
        kind = verdict["verdict"]
        why = reason(verdict["mutant"]) if kind == "survived" else None
        if why:
            kind = "equivalent"
        elif kind == "survived":
            unexplained.append(verdict["mutant"])
        table.setdefault(verdict["mutant"].split(":")[0], Counter())[kind] += 1
    kinds = ("killed", "survived", "equivalent", "refused", "no bench")
    print("| module | " + " | ".join(kinds) + " |\n|---|" + "---|" * len(kinds))
    for module, counts in sorted(table.items()):
        print(f"| `{module}` | " + " | ".join(str(counts[kind]) for kind in kinds) + " |")
    total = sum((Counter(c) for c in table.values()), Counter())
    print("| all | " + " | ".join(str(total[kind]) for kind in kinds) + " |")
    for name in unexplained:
        print(f"survived: {name}")
    counted = total["killed"] + total["survived"]
    share = total["survived"] / max(1, counted)
    print(
        f"{total['survived']} of {counted} living mutants survived: {share:.1%}, target at most {TARGET:.0%}"
    )
    return 1 if share > TARGET or total["no bench"] else 0


if __name__ == "__main__":
    sys.exit(main())
