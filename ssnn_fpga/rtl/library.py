"""Finds the hardware library: the modules of ``hw/rtl`` and what they instantiate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def hardware_directory() -> Path:
    """The folder ``hw``: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_hw"
    return installed if installed.is_dir() else package.parent / "hw"


def library_sources(modules: Iterable[str], library: Path | None = None, *further: Path) -> list[Path]:
    """Files of ``modules`` and of all they instantiate, each after the files that it needs.

    ``library`` is the folder of the modules, ``hw/rtl`` if not given, beside ``further`` ones. The
    order is the same from run to run. Raises FileNotFoundError for a module that is in none.
    """
    folder = library or hardware_directory() / "rtl"
    known = {path.stem: path for place in (folder, *further) for path in sorted(place.glob("*.sv"))}
    ordered: list[Path] = []
    visited: set[str] = set()

    def visit(module: str) -> None:
        if module in visited:
            return
        visited.add(module)
        if module not in known:
            raise FileNotFoundError(f"there is no module {module} in {folder}")
        for name in instantiated(known[module], known):
            visit(name)
        ordered.append(known[module])

    for module in sorted(set(modules)):
        visit(module)
    return ordered


def instantiated(source: Path, known: Iterable[str]) -> list[str]:
    """Those modules of ``known`` that a file instantiates, sorted."""
    text = _COMMENT.sub("", source.read_text())
    return [
        name
        for name in sorted(known)
        if name != source.stem and re.search(rf"(?m)^\s*(?:\w+\s*:\s*)?{name}\s*(?:#\s*\(|\w+\s*\()", text)
    ]
