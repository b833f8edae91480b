"""``kernel.xml``: what Vitis has to know of the accelerator as a kernel of a card.

Its arguments are registers of ``hw/registers/accelerator.rdl``; their offsets come from the map that is
generated from that file.
"""

from __future__ import annotations

from xml.etree import ElementTree

from ssnn_fpga.runtime import registers

CONTROL, MEMORY, WEIGHTS = "s_axi_control", "m_axi_gmem", "m_axi_weights"
"""The kernel's ports; the last one where weights are read from memory."""
CONTROL_BYTES = 0x1000
_POINTERS = {
    "input_address": (registers.INPUT_ADDRESS, MEMORY),
    "output_address": (registers.OUTPUT_ADDRESS, MEMORY),
    "weights_address": (registers.WEIGHTS_ADDRESS, WEIGHTS),
}
_NUMBERS = {
    "input_bytes": registers.INPUT_BYTES,
    "results": registers.RESULTS,
    "mode": registers.MODE,
    "patience": registers.PATIENCE,
}


def kernel_xml(kernel: str, weight_bits: int = 0) -> str:
    """The description of the module ``kernel``, a kernel of ``ap_ctrl_chain``.

    ``weight_bits``: width of the port to weights in memory; 0: it has none.
    """
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
    widths = {CONTROL: 32, MEMORY: 64} | ({WEIGHTS: weight_bits} if weight_bits else {})
    for name, bits in widths.items():
        mode, reach = ("slave", hex(CONTROL_BYTES)) if name == CONTROL else ("master", "0xFFFFFFFFFFFFFFFF")
        described_port = {"name": name, "mode": mode, "range": reach, "dataWidth": str(bits)}
        ElementTree.SubElement(ports, "port", described_port, portType="addressable", base="0x0")
    arguments = ElementTree.SubElement(described, "args")
    places = _POINTERS | {name: (offset, CONTROL) for name, offset in _NUMBERS.items()}
    used = [(offset, name, port) for name, (offset, port) in places.items() if port in widths]
    for number, (offset, name, port) in enumerate(sorted(used)):
        pointer = name in _POINTERS
        size = "0x8" if pointer else "0x4"
        ElementTree.SubElement(
            arguments,
            "arg",
            name=name,
            addressQualifier=str(int(pointer)),
            id=str(number),
            port=port,
            size=size,
            offset=hex(offset),
            type="void*" if pointer else "uint",
            hostOffset="0x0",
            hostSize=size,
        )
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
