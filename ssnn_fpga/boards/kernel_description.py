"""``kernel.xml``: what Vitis has to know of the accelerator as a kernel of a card.

Its arguments are registers of ``hw/registers/accelerator.rdl``; their offsets come from the map that is
generated from that file.
"""

from __future__ import annotations

from xml.etree import ElementTree

from ssnn_fpga.runtime import registers

CONTROL, MEMORY = "s_axi_control", "m_axi_gmem"
"""The kernel's ports."""
CONTROL_BYTES = 0x1000
_POINTERS = {"input_address": registers.INPUT_ADDRESS, "output_address": registers.OUTPUT_ADDRESS}
_NUMBERS = {
    "input_bytes": registers.INPUT_BYTES,
    "results": registers.RESULTS,
    "mode": registers.MODE,
    "patience": registers.PATIENCE,
}


def kernel_xml(kernel: str) -> str:
    """The description of the module ``kernel``, a kernel of ``ap_ctrl_chain``."""
    root = ElementTree.Element("root", versionMajor="1", versionMinor="6")
    described = ElementTree.SubElement(
        root,
        "kernel",
        name=kernel,
        language="ip_c",
        vlnv=f"ssnn_fpga:kernel:{kernel}:1.0",
        attributes="",
        preferredWorkGroupSizeMultiple="0",
        workGroupSize="1",
        interrupt="true",
        hwControlProtocol="ap_ctrl_chain",
    )
    ports = ElementTree.SubElement(described, "ports")
    for name, mode, reach, bits in (
        (CONTROL, "slave", hex(CONTROL_BYTES), "32"),
        (MEMORY, "master", "0xFFFFFFFFFFFFFFFF", "64"),
    ):
        port = {"name": name, "mode": mode, "range": reach, "dataWidth": bits}
        ElementTree.SubElement(ports, "port", port, portType="addressable", base="0x0")
    arguments = ElementTree.SubElement(described, "args")
    offsets = sorted({**_POINTERS, **_NUMBERS}.items(), key=lambda item: item[1])
    for number, (name, offset) in enumerate(offsets):
        pointer = name in _POINTERS
        size = "0x8" if pointer else "0x4"
        ElementTree.SubElement(
            arguments,
            "arg",
            name=name,
            addressQualifier=str(int(pointer)),
            id=str(number),
            port=MEMORY if pointer else CONTROL,
            size=size,
            offset=hex(offset),
            type="void*" if pointer else "uint",
            hostOffset="0x0",
            hostSize=size,
        )
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
