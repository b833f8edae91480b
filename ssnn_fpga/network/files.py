"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ssnn_fpga.errors import UserError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then rename it; an interrupted write leaves ``path`` alone.

    Raises UserError where the folder cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(aside)
        os.replace(aside, path)
    except OSError as error:
        raise UserError(
            f"cannot write {path} ({error.strerror or error}); choose a folder you may write to"
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
