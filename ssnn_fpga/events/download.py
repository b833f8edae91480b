"""The official N-MNIST, fetched from its publisher by tonic."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet, open_recordings


def download_nmnist(folder: Path) -> RecordingSet:
    """Fetch N-MNIST (60,000 training and 10,000 test recordings, 1.2 GB) into ``folder``, once.

    The result is an ordinary folder ``NMNIST/{Train,Test}/<digit>/<recording>.bin``. Raises UserError
    where the download fails.
    """
    from tonic.datasets import NMNIST

    for train in (True, False):
        try:
            with redirect_stdout(sys.stderr):  # standard output is for results
                NMNIST(save_to=str(folder), train=train)
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"{folder}: N-MNIST could not be downloaded ({error}); check the network, or fetch it "
                "by hand from https://www.garrickorchard.com/datasets/n-mnist."
            ) from error
    return open_recordings(folder / "NMNIST")
