"""A Zynq board's top level without its processing system, whose signals become ports for a bench."""

from __future__ import annotations

import re

_INSTANCE = re.compile(r"  zynq\w* i_ps \((.*?)\n  \);\n", re.DOTALL)
_DECLARATION = re.compile(r"  logic ((?:\[[^\]]*\] )?)([\w,\s]+);\n")
_WAIVED = ("UNUSEDPARAM", "UNUSEDSIGNAL", "VARHIDDEN", "PINCONNECTEMPTY", "PROCASSINIT")


def without_system(top: str, system: str, include: str) -> str:
    """Text of ``top`` as a module of its own; ``system`` is the processing system's file.

    What connects the two stays as it is written: a connection that is more than a name becomes an
    assignment to the port. ``include`` takes the place of ``design.svh``.
    """
    found = _INSTANCE.search(top)
    assert found
    connections = dict(re.findall(r"\.(\w+)\s*\((.*)\),?$", found[1], re.MULTILINE))
    ports, assigned = [], []
    inner = top.replace(found[0], "")
    for direction, width, name in re.findall(r"^  (input|output) +wire +(\[\d+:0\])? +(\w+)", system, re.M):
        signal = connections[name]
        if direction == "output":
            ports.append(f"  input  logic {width:8} {signal}")
            inner = _undeclared(inner, signal)
        elif signal == name or not re.search(rf"\b{name}\b", inner):
            ports.append(f"  output logic {width:8} {name}")
            inner = _undeclared(inner, name) if signal == name else inner
            assigned += [] if signal == name else [f"  assign {name} = {signal};"]
        else:  # the port and a signal inside share the name
            ports.append(f"  output logic {width:8} {name}")
            same = re.compile(rf"\b{name}\b")
            inner = same.sub(f"inner_{name}", inner)
            assigned.append(f"  assign {name} = {same.sub(f'inner_{name}', signal)};")
    # The memory's bus models want an id, which this master has not.
    ports += [f"  output logic [5:0]    hp_{channel}id" for channel in ("aw", "ar")]
    ports += [f"  input  logic [5:0]    hp_{channel}id" for channel in ("b", "r")]
    assigned += ["  assign hp_awid = '0;", "  assign hp_arid = '0;"]
    header = re.search(r"^module (\w+);\n", inner, re.M)
    assert header
    body = inner[header.end() :].replace('  `include "design.svh"\n', include)
    waived = "".join(f"// verilator lint_off {name}\n" for name in _WAIVED)
    joined = ",\n".join(ports)
    return f"{waived}module {header[1]} (\n{joined}\n);\n" + "\n".join(assigned) + "\n" + body


def _undeclared(text: str, name: str) -> str:
    """Take ``name`` out of the declaration that it stands in."""

    def rest(found: re.Match[str]) -> str:
        names = [word.strip() for word in found[2].split(",")]
        if name not in names:
            return found[0]
        names.remove(name)
        return f"  logic {found[1]}{', '.join(names)};\n" if names else ""

    return _DECLARATION.sub(rest, text)
