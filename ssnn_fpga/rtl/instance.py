"""The text of one instance, and of vectors."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

_Pairs = Sequence[tuple[str, int | str]]


def instance(module: str, name: str, parameters: _Pairs, ports: _Pairs) -> list[str]:
    """Lines of an instance, parameters and ports in columns."""
    opening = [f"  {module} #(", *_connections(parameters), f"  ) i_{name} ("]
    return [
        *(opening if parameters else [f"  {module} i_{name} ("]),
        *_connections(ports),
        "  );",
        "",
    ]


def vector(width: int) -> str:
    """Range of a vector of ``width`` bits, empty for a scalar (0)."""
    return f"[{width - 1:>4}:0]" if width else ""


def reduced(target: str, operator: str, wires: Sequence[str]) -> list[str]:
    """An assignment of all ``wires`` joined by ``operator``, & or |, to ``target``."""
    text = f"assign {target} = {operator}{{{', '.join(wires)}}};"
    return textwrap.wrap(text, 106, initial_indent="  ", subsequent_indent="      ")


def heading(title: str) -> str:
    """A comment line that opens a part of the file."""
    title = f"---- {title} "
    return "  // " + title + "-" * max(4, 96 - len(title))


def _connections(pairs: _Pairs) -> list[str]:
    wide = max((len(name) for name, _ in pairs), default=0)
    lines = [f"      .{name:{wide}} ({value})" for name, value in pairs]
    return [line + "," for line in lines[:-1]] + lines[-1:]
