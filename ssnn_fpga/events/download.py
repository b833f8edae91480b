"""Data sets fetched from their publishers by tonic, and where the others are to be had."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet, open_recordings
from ssnn_fpga.events.libraries import library

_BY_TONIC = {
    # name: tonic's class, whether it comes in two splits, the publisher's page
    "nmnist": ("NMNIST", True, "https://www.garrickorchard.com/datasets/n-mnist"),
    "cifar10_dvs": ("CIFAR10DVS", False, "https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671"),
    "ncaltech101": ("NCALTECH101", False, "https://www.garrickorchard.com/datasets/n-caltech101"),
    "dvs_gesture": ("DVSGesture", True, "https://research.ibm.com/interactive/dvsgesture"),
}

_BY_HAND = {
    "poker_dvs": ("POKER-DVS", "http://www2.imse-cnm.csic.es/caviar/POKERDVS.html"),
    "ncars": ("N-CARS", "https://www.prophesee.ai/2018/03/13/dataset-n-cars/"),
    "mnist": ("MNIST", "https://ossci-datasets.s3.amazonaws.com/mnist/ (four files, *-ubyte.gz)"),
    "cifar10": ("CIFAR-10", "https://www.cs.toronto.edu/~kriz/cifar.html (the binary version)"),
    "cifar100": ("CIFAR-100", "https://www.cs.toronto.edu/~kriz/cifar.html (the binary version)"),
    "imagenet": ("ImageNet", "https://www.image-net.org (a folder <split>/<class>/<picture>.JPEG)"),
}

NAMES = (*_BY_TONIC, *_BY_HAND)
"""Sets that `download` knows."""


def download(name: str, folder: Path) -> Path:
    """Fetch the set called ``name`` into ``folder``, once; returns the folder.

    Raises UserError where the download fails, and for a set that tonic does not fetch: it tells the page.
    """
    if name in _BY_HAND:
        title, page = _BY_HAND[name]
        raise UserError(f"{title} is to be fetched by hand from {page}; give its folder with --data.")
    if name not in _BY_TONIC:
        raise UserError(f"There is no data set {name!r} to download: choose one of {', '.join(NAMES)}.")
    datasets = library("tonic.datasets", "Downloads")
    loader, splits, page = _BY_TONIC[name]
    for options in ({"train": True}, {"train": False}) if splits else ({},):
        try:
            with redirect_stdout(sys.stderr):  # standard output is for results
                getattr(datasets, loader)(save_to=str(folder), **options)
        except (OSError, RuntimeError) as error:
            title = "N-MNIST" if name == "nmnist" else loader
            raise UserError(
                f"{folder}: {title} could not be downloaded ({error}); check the network, or fetch it by "
                f"hand from {page}."
            ) from error
    return folder


def download_nmnist(folder: Path) -> RecordingSet:
    """Fetch N-MNIST (60,000 training and 10,000 test recordings, 1.2 GB) into ``folder``, once.

    The result is an ordinary folder ``NMNIST/{Train,Test}/<digit>/<recording>.bin``. Raises UserError
    where the download fails.
    """
    return open_recordings(download("nmnist", folder) / "NMNIST")
