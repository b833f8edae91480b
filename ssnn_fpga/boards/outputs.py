"""The files that every flow leaves behind, and whether an earlier run left them already."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ssnn_fpga.boards.report import BuildReport, CriticalPath, Timing, Usage, write_aside, write_json
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.generate import WEIGHTS_FILE
from ssnn_fpga.runtime.manifest import MANIFEST_FILE, Manifest, WeightImage

BITSTREAM_FILE, TIMING_FILE, UTILISATION_FILE = "accelerator.bit", "timing.json", "utilisation.json"
BINARY_FILE = "accelerator.bit.bin"
"""The configuration alone, its words turned round: what Linux' FPGA manager takes."""
CARD_FILE = "accelerator.xclbin"
"""What XRT loads into a card."""


def finished(
    out: Path, inputs: str, bitstream: str = BITSTREAM_FILE, weights: bytes = b""
) -> BuildReport | None:
    """The report of an earlier run with the same ``inputs`` whose files are all there and whole.

    ``weights`` is what has to lie beside the bitstream: it is written again where it does not.
    """
    try:
        manifest = Manifest.load(out)
        if manifest.inputs_sha256 != inputs or manifest.bitstream_sha256 != sha256(out / bitstream):
            return None
        _write_weights(out, weights)
        described = WeightImage.of(weights, WEIGHTS_FILE)
        if manifest.weights != described:  # others in a design that loads its own: the same bitstream
            manifest = replace(manifest, weights=described)
            write_aside(out / MANIFEST_FILE, manifest.to_json())
        timing = json.loads((out / TIMING_FILE).read_text())
        utilisation = json.loads((out / UTILISATION_FILE).read_text())
        paths = tuple(CriticalPath(**path) for path in timing.pop("worst_paths"))
        usages = {name: Usage(**usage) for name, usage in utilisation.items()}
        critical = CriticalPath(**timing.pop("critical_path"))
        figures = Timing(**timing, critical_path=critical, worst_paths=paths)
        return BuildReport(out, figures, usages, manifest, bitstream)
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return None


def clear(out: Path) -> tuple[Path, Path]:
    """Take away what an earlier run left; the folders of the steps and of their logs, not made yet."""
    left = (BITSTREAM_FILE, BINARY_FILE, CARD_FILE, TIMING_FILE, UTILISATION_FILE, MANIFEST_FILE)
    for name in (*left, WEIGHTS_FILE):
        (out / name).unlink(missing_ok=True)
    work, logs = out / "work", out / "logs"
    for folder in (work, logs):
        shutil.rmtree(folder, ignore_errors=True)
    return work, logs


def publish(
    out: Path,
    bitstreams: Sequence[Path],
    timing: Timing,
    utilisation: dict[str, Usage],
    manifest: Manifest,
    weights: bytes = b"",
) -> BuildReport:
    """Move everything into place, the manifest last: it says that the rest is there.

    The first of ``bitstreams`` is the one that the manifest describes, and ``weights`` what it reads
    from memory.
    """
    write_json(out / TIMING_FILE, asdict(timing))
    write_json(out / UTILISATION_FILE, {name: asdict(usage) for name, usage in utilisation.items()})
    for bitstream in bitstreams:
        os.replace(bitstream, out / bitstream.name)
    _write_weights(out, weights)
    write_aside(out / MANIFEST_FILE, manifest.to_json())
    return BuildReport(out, timing, utilisation, manifest, bitstreams[0].name)


def _write_weights(out: Path, weights: bytes) -> None:
    """Whole or not at all, and only where they do not lie there."""
    file = out / WEIGHTS_FILE
    if weights and not (file.is_file() and file.read_bytes() == weights):
        write_aside(file, weights)


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
