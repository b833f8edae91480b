"""Mutants that survive because they change nothing, each with the reason."""

from __future__ import annotations

import re

from sim.bench import ROOT

EQUIVALENT: dict[tuple[str, str, str], str] = {}
"""(module, source line, operator and edit) of a mutant: why no bench can see it."""


def reason(name: str) -> str | None:
    """Why the survivor ``name`` of ``hw/rtl`` is equivalent, or None."""
    found = re.fullmatch(r"(\w+):(\d+) (.*)", name)
    assert found, name
    lines = (ROOT / "hw" / "rtl" / f"{found[1]}.sv").read_text().splitlines()
    line = lines[int(found[2]) - 1].split("//")[0].strip()
    return EQUIVALENT.get((found[1], line, found[3]))
