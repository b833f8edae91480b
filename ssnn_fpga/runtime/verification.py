"""Recordings with the logits that they must give, as a build lays them beside its bitstream.

``verify`` runs them on a device and reports: every logit must be equal, nothing is tolerated.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.power import read_power

VERIFICATION_FILE = "verification.npz"
REPORT_FILE = "verification.json"
_TIMED = 50
"""Single frames whose answer is timed."""


@dataclass(frozen=True)
class Verification:
    """N recordings as frames, and what the integer network makes of them."""

    frames: NDArray[np.uint8]
    """(N,T,C,H,W)."""
    logits: Integers
    """(N,O)."""
    labels: Integers
    """(N,) true classes, -1 where unknown."""
    identity: str
    """Of the design that they were computed for."""
    data: str
    """Which recordings they are, in words."""

    def save(self, folder: Path) -> Path:
        """Writes ``verification.npz`` into ``folder``, whole or not at all."""
        descriptor, aside = tempfile.mkstemp(dir=folder, suffix=".npz")
        os.close(descriptor)
        np.savez_compressed(
            aside,
            frames=self.frames,
            logits=self.logits,
            labels=self.labels,
            identity=self.identity,
            data=self.data,
        )
        os.chmod(aside, 0o644)
        os.replace(aside, folder / VERIFICATION_FILE)
        return folder / VERIFICATION_FILE

    @classmethod
    def load(cls, folder: Path) -> Verification:
        """What ``save`` wrote. Raises UserError."""
        file = folder / VERIFICATION_FILE
        try:
            with np.load(file) as content:
                frames, logits, labels = (content[name] for name in ("frames", "logits", "labels"))
                return cls(frames, logits, labels, str(content["identity"]), str(content["data"]))
        except OSError as error:
            raise UserError(f"{file} cannot be read: build the bitstream again.") from error
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            raise UserError(f"{file} is damaged: build the bitstream again.") from error


def verify(accelerator: Accelerator, given: Verification, batch: int = 16) -> dict[str, Any]:
    """Runs all recordings, in batches and singly, and gives the report as JSON can hold it.

    Raises UserError where they are of another design.
    """
    manifest = accelerator.manifest
    if given.identity != manifest.identity:
        raise UserError(
            f"The verification is of the design {given.identity}, the bitstream is {manifest.identity}: "
            "copy both from one build."
        )
    frames = given.frames.astype(np.int64)
    began = time.perf_counter()
    done = accelerator.classify_batch(frames, batch)
    seconds = time.perf_counter() - began
    answers = []
    for frame in frames[:_TIMED]:
        began = time.perf_counter()
        accelerator.classify(frame[None])
        answers.append(time.perf_counter() - began)
    wrong = (done.logits != given.logits).any(axis=1)
    clock = 1e6 / (manifest.clock_mhz * 1e6)
    known = given.labels >= 0
    return {
        "board": manifest.board,
        "identity": manifest.identity,
        "data": given.data,
        "recordings": len(frames),
        "differing": int(wrong.sum()),
        "first_differing": int(np.argmax(wrong)) if wrong.any() else None,
        "accuracy": float((done.classes == given.labels)[known].mean()) if known.any() else None,
        "latency_us": {"mean": float(done.cycles.mean() * clock), "worst": float(done.cycles.max() * clock)},
        "answer_us": {
            "median": float(np.median(answers) * 1e6),
            "worst": float(np.max(answers) * 1e6),
        },
        "frames_per_second": len(frames) / seconds,
        "power_w": read_power(),
        "counters": accelerator.counters,
    }


def write_report(report: dict[str, Any], file: Path) -> None:
    """The report as JSON, whole or not at all."""
    aside = file.with_name(f".{file.name}-{os.getpid()}")
    aside.write_text(json.dumps(report, indent=2) + "\n")
    os.replace(aside, file)
