"""A device belongs to one process at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

from ssnn_fpga.errors import UserError


class DeviceLock:
    """A device belongs to one process at a time; the lock goes with the process, however it ends."""

    def __init__(self, name: str) -> None:
        """Takes the device called ``name``. Raises UserError where somebody has it, or for no permission."""
        self._file: IO[str] | None = None
        safe = "".join(letter if letter.isalnum() else "-" for letter in name)
        path = Path(tempfile.gettempdir()) / f"ssnn-fpga-{safe}.lock"
        try:
            # Any user may open the file, or the first one to do so would keep the device for good.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise UserError(
                f"{path} cannot be opened ({error.strerror}), which says that {name} is in use: "
                "run as the user that it belongs to, or remove it."
            ) from error
        file = os.fdopen(descriptor, "r+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = file.read().strip()
            file.close()
            raise UserError(
                f"The device {name} is busy{f' (process {holder})' if holder else ''}: "
                "close what uses it first."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def close(self) -> None:
        """Give the device back."""
        if self._file is not None:
            self._file.close()
            self._file = None
