"""One step of a flow: a program, its log file, and a line on standard error while it runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ssnn_fpga.boards.tools import require
from ssnn_fpga.errors import UserError


def run_step(
    program: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    log: Path,
    title: str,
    progress: bool,
    environment: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> str:
    """Run ``program`` in ``folder``; returns what it said, which is also written to ``log``.

    Raises UserError with the tool's own error line and the log's name when it fails, or takes
    longer than ``timeout_s``.
    """
    path = require(program)
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _shown(title, progress), log.open("w") as out:
            result = subprocess.run(
                [str(path), *arguments],
                cwd=folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C", **(environment or {})},
                timeout=timeout_s,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{title}: {program} took longer than {timeout_s} s; the log is {log}.") from error
    text = log.read_text(errors="replace")
    if result.returncode:
        raise UserError(f"{title}: {program} failed with {_complaint(text)!r}; the whole log is {log}.")
    return text


def _complaint(text: str) -> str:
    """The line of a log that says what went wrong: the first error in it, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = (line for line in lines if "error:" in line.lower())
    return next(errors, lines[-1] if lines else "no output")


def seen_from(folder: Path, path: Path) -> str:
    """``path`` relative to ``folder``: the WebAssembly tools do not see every absolute path."""
    return os.path.relpath(path, folder)


@contextmanager
def _shown(title: str, progress: bool) -> Iterator[None]:
    if not progress:
        yield
        return
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console
    ) as bar:
        bar.add_task(title, total=None)
        yield
