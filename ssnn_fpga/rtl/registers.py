"""Writes what is made of ``hw/registers/accelerator.rdl``: RTL, the driver's map, the page of the docs.

``python -m ssnn_fpga.rtl.registers`` in a checkout, after a change of that file. All three are kept
beside the sources, so that a board needs none of the tools; a test says when they are old.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from ssnn_fpga.rtl.library import hardware_directory

_NAME = "accelerator_registers"
_SOURCE = "hw/registers/accelerator.rdl"
_COMMAND = "python -m ssnn_fpga.rtl.registers"
# What the generator's style brings with it: a package beside the module, members of one structure
# written by several processes, address bits below a word, protection bits.
_WAIVED = ("DECLFILENAME", "MULTIDRIVEN", "UNUSEDSIGNAL", "UNUSEDPARAM")


def generated() -> dict[str, str]:
    """Text of every generated file by its path in the checkout. Needs peakrdl (extra ``dev``)."""
    from peakrdl_regblock.udps import ALL_UDPS  # type: ignore[import-untyped]
    from systemrdl import RDLCompiler

    compiler = RDLCompiler()
    for property_ in ALL_UDPS:
        compiler.register_udp(property_)
    compiler.compile_file(str(hardware_directory() / "registers" / "accelerator.rdl"))
    root = compiler.elaborate()
    return {
        f"hw/rtl/{_NAME}.sv": _rtl(root),
        "ssnn_fpga/runtime/registers.py": _map(root.top),
        "docs/registers.md": _page(root),
    }


def _rtl(root: Any) -> str:
    """Package and module in one file, which the order of a file list cannot part."""
    from peakrdl_regblock import RegblockExporter
    from peakrdl_regblock.cpuif.axi4lite import AXI4Lite_Cpuif_flattened  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as folder:
        RegblockExporter().export(root, folder, cpuif_cls=AXI4Lite_Cpuif_flattened)
        parts = [(Path(folder) / f"{_NAME}{part}.sv").read_text() for part in ("_pkg", "")]
    lines = [
        "// The registers of an accelerator behind AXI4-Lite, and a package with the types of their ports.",
        "//",
        f"// Written by PeakRDL-regblock from {_SOURCE} ({_COMMAND}); do not edit.",
        *(f"// verilator lint_off {name}" for name in _WAIVED),
        *(re.sub(r"\A(//[^\n]*\n)+", "", part).strip() + "\n" for part in parts),
        *(f"// verilator lint_on {name}" for name in reversed(_WAIVED)),
    ]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def _map(top: Any) -> str:
    """A constant for each register's offset; where it has parts, a class with the mask of each."""
    lines = [
        f'"""Offsets of the registers, and masks of their parts; written from {_SOURCE}.',
        "",
        f"``{_COMMAND}`` writes this file; do not edit.",
        '"""',
        "",
    ]
    parts: list[str] = []
    for register in top.registers(unroll=False):
        name, fields = register.inst_name, list(register.fields())
        offset = register.raw_address_offset if register.is_array else register.address_offset
        lines += [f"{name.upper()} = 0x{offset:02X}", f'"""{register.get_property("name")}."""']
        if [field.inst_name for field in fields] == ["value"]:
            continue
        parts += ["", "", f"class {name.title().replace('_', '')}:"]
        parts += [f'    """Parts of {name}: masks."""', ""]
        for field in fields:
            mask = (1 << field.width) - 1 << field.low
            parts += [f"    {field.inst_name.upper()} = 0x{mask:X}", f'    """{field.get_property("desc")}"""']
    lines += [f"SIZE = 0x{1 << (top.size - 1).bit_length():X}", '"""Bytes that the registers take."""']
    return "\n".join([*lines, *parts]) + "\n"


def _page(root: Any) -> str:
    from peakrdl_markdown import MarkdownExporter  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "registers.md"
        MarkdownExporter().export(root, str(page), rename=None, depth=0)
        text = re.sub(r"<!---.*?-->", "", page.read_text(), flags=re.DOTALL)
    note = f"Written by PeakRDL-markdown from `{_SOURCE}` (`{_COMMAND}`); how a driver uses them: [boards.md](boards.md)."
    return f"# Registers\n\n{note}\n\n" + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def main() -> None:
    """Write all files of ``generated`` into the checkout."""
    checkout = hardware_directory().parent
    for path, text in generated().items():
        (checkout / path).write_text(text)
        print(f"Wrote {path}")


if __name__ == "__main__":
    main()
