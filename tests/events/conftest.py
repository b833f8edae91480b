"""What the tests of caches and stores share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssnn_fpga.events import cache


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that keeps frames of any number of recordings."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_WORTH_KEEPING", 1)
    return tmp_path / "cache"
