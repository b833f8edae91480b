"""A Zynq board's top level without its processing system, whose signals become ports for a bench."""

from __future__ import annotations

import re

_INSTANCE = re.compile(r"  zynq\w* i_ps \((.*?)\n  \);\n", re.DOTALL)
_DECLARATION = re.compile(r"  logic ((?:\[[^\]]*\] )?)([\w,\s]+);\n")
_WAIVED = ("UNUSEDPARAM", "UNUSEDSIGNAL", "VARHIDDEN", "PINCONNECTEMPTY", "PROCASSINIT")
# AXI3 has narrower fields than the bus models know.
_FIELDS = {"len": 8, "size": 3}


def resolved(text: str, ports: str) -> str:
    """``text`` as its preprocessor leaves it; ``ports`` is the text of ``ports.svh``."""
    macros = dict(re.findall(r"`define (\w+) (\w+)", ports))
    text = text.replace('`include "ports.svh"\n', "")

    def kept(block: re.Match[str]) -> str:
        return block[2] if block[1] in macros else ""

    text = re.sub(r"^`ifdef (\w+)\n(.*?)^`endif\n", kept, text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`(\w+)", lambda use: macros.get(use[1], use[0]), text)


def without_system(top: str, system: str, include: str) -> str:
    """Text of ``top`` as a module of its own; ``system`` is the processing system's file.

    Both are ``resolved``. What connects the two stays as it is written: each signal of the processing
    system is a port, and what stood at its pin is assigned to or from it. ``include`` takes the place of
    ``design.svh``.
    """
    found = _INSTANCE.search(top)
    assert found
    connections = dict(re.findall(r"\.(\w+)\s*\((.*)\),?$", found[1], re.MULTILINE))
    inner = top.replace(found[0], "")
    ports, lines = [], []
    for direction, high, pin in re.findall(r"^  (input|output) +wire +(?:\[(\d+):0\])? +(\w+)", system, re.M):
        bits = int(high or 0) + 1
        width = next((wide for field, wide in _FIELDS.items() if pin.endswith(field)), bits)
        signal = connections[pin]
        if direction == "output":  # of the processing system
            ports.append(_port("input", width, signal))
            if width == bits:
                inner = _undeclared(inner, signal)
            else:
                inner = re.sub(rf"\b{signal}\b", f"inner_{signal}", inner)
                lines.append(f"  assign inner_{signal} = {signal}[{bits - 1}:0];")
        else:
            same = re.compile(rf"\b{pin}\b")
            inner = same.sub(f"inner_{pin}", inner)
            ports.append(_port("output", width, pin))
            lines.append(f"  assign {pin} = {width}'({same.sub(f'inner_{pin}', signal)});")
    # The memory's bus models want an id, which this master has not.
    ids = ["hp_aw", "hp_ar", "hp_b", "hp_r", *(["hp1_ar", "hp1_r"] if "hp1_arvalid" in system else [])]
    ports += [_port("output" if name.endswith(("aw", "ar")) else "input", 6, f"{name}id") for name in ids]
    lines += [f"  assign {name}id = '0;" for name in ids if name.endswith(("aw", "ar"))]
    header = re.search(r"^module (\w+)(?: \((.*?)\n\))?;\n", inner, re.M | re.S)
    assert header
    ports += [header[2].strip("\n")] if header[2] else []
    body = inner[header.end() :].replace('  `include "design.svh"\n', include)
    place = body.rindex("endmodule")
    waived = "".join(f"// verilator lint_off {name}\n" for name in _WAIVED)
    joined, assigned = ",\n".join(ports), "\n".join(lines)
    return f"{waived}module {header[1]} (\n{joined}\n);\n{body[:place]}{assigned}\n{body[place:]}"


def _port(direction: str, bits: int, name: str) -> str:
    return f"  {direction:6} logic [{bits - 1}:0] {name}" if bits > 1 else f"  {direction:6} logic {name}"


def _undeclared(text: str, name: str) -> str:
    """Take ``name`` out of the declaration that it stands in."""

    def rest(found: re.Match[str]) -> str:
        names = [word.strip() for word in found[2].split(",")]
        if name not in names:
            return found[0]
        names.remove(name)
        return f"  logic {found[1]}{', '.join(names)};\n" if names else ""

    return _DECLARATION.sub(rest, text)
