"""FINN's own Python, from ours: where it is, and one call of ``worker`` in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import ssnn_fpga
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import hardware_directory

VARIABLE = "SSNN_FPGA_FINN"
"""Environment variable that names the folder, where it is not ``.finn``."""
_HOW = f"run `make finn` in a checkout, or name the folder of one in ${VARIABLE}"


def environment_directory() -> Path:
    """Where ``make finn`` puts it: in the checkout, else in the current directory."""
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    checkout = hardware_directory().parent
    return (checkout if (checkout / "Makefile").is_file() else Path.cwd()) / ".finn"


def python() -> Path:
    """FINN's Python. Raises UserError where there is none."""
    path = environment_directory() / "bin" / "python"
    if not path.is_file():
        raise UserError(f"FINN's environment {environment_directory()} is missing: {_HOW}")
    return path


def call(folder: Path, name: str, **request: Any) -> dict[str, Any]:
    """Run ``worker`` on a request in ``folder``, and return its answer.

    Takes about ten seconds before it begins, which FINN's imports need. Raises UserError with what
    the other side says of the user's input, and where it dies.
    """
    interpreter = python().absolute()
    (folder / "request.json").write_text(json.dumps({"call": name, **request}))
    log = folder / "finn.log"
    package = Path(ssnn_fpga.__file__).resolve().parents[1]
    with log.open("w") as output:
        subprocess.run(
            [str(interpreter), "-m", "ssnn_fpga.backends.finn.worker", str(folder.resolve())],
            env=os.environ | {"PYTHONPATH": str(package), "FINN_BUILD_DIR": str(folder.resolve())},
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    answer = folder / "answer.json"
    if not answer.is_file():
        lines = [line for line in log.read_text().splitlines() if line.strip()]
        raise UserError(f"FINN's environment failed, {lines[-1] if lines else 'silently'}: {_HOW}")
    content: dict[str, Any] = json.loads(answer.read_text())
    if "error" in content:
        raise UserError(content["error"])
    return content
