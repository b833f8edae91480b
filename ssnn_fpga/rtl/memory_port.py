"""The port over which weights come from memory outside the chip, and how they lie there.

All layers with streamed weights share one AXI4 read port. Their words follow each other in one
image, whose place in memory the accelerator is told through ``weights_base_i``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.options import outside_memory_of
from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.rtl.images import contents
from ssnn_fpga.rtl.instance import heading, instance, vector
from ssnn_fpga.rtl.memory import memory_bytes
from ssnn_fpga.rtl.ports import Port

ARBITER = "read_arbiter"
ADDRESS_BITS = 32
_ALIGNMENT = 64
"""Bytes: each layer's words begin at a multiple."""


@dataclass(frozen=True)
class MemoryPort:
    """The layers whose weights come over the port, in the order of their stages."""

    stages: tuple[Stage, ...]
    offsets: tuple[int, ...]
    """Byte of the image at which the words of each stage begin."""
    bytes: int
    """Of the whole image."""

    @property
    def data_bits(self) -> int:
        """Width of the port."""
        return int(self.stages[0].parameter("DATA_BITS"))

    @property
    def beats(self) -> int:
        """Most that the layers ask for at once."""
        return sum(
            int(stage.parameter("OUTSTANDING")) * int(stage.parameter("MAX_BURST")) for stage in self.stages
        )

    def ports(self) -> list[Port]:
        """Those of the top level."""
        return [
            Port("input", "weights_base_i", ADDRESS_BITS),
            Port("output", "weights_ar_valid_o"),
            Port("input", "weights_ar_ready_i"),
            Port("output", "weights_ar_addr_o", ADDRESS_BITS),
            Port("output", "weights_ar_len_o", 8),
            Port("output", "weights_ar_size_o", 3),
            Port("output", "weights_ar_burst_o", 2),
            Port("input", "weights_r_valid_i"),
            Port("output", "weights_r_ready_o"),
            Port("input", "weights_r_data_i", self.data_bits),
            Port("input", "weights_r_resp_i", 2),
        ]

    def connections(self, stage: Stage) -> list[tuple[str, str]]:
        """Port connections of one of the stages."""
        place = self.stages.index(stage)
        return [
            ("base_i", f"weights_base_i + {ADDRESS_BITS}'d{self.offsets[place]}"),
            ("ar_valid_o", f"fetch_asks[{place}]"),
            ("ar_ready_i", f"fetch_takes[{place}]"),
            ("ar_addr_o", f"fetch_addresses[{place * ADDRESS_BITS}+:{ADDRESS_BITS}]"),
            ("ar_len_o", f"fetch_lengths[{place * 8}+:8]"),
            ("ar_size_o", f"fetch_unused[{place * 6}+:3]"),  # all alike: the arbiter's own go out
            ("ar_burst_o", f"fetch_unused[{place * 6 + 3}+:2]"),
            ("r_valid_i", f"fetch_beats[{place}]"),
            ("r_ready_o", f"fetch_unused[{place * 6 + 5}]"),
            ("r_data_i", "fetch_beat"),
            ("r_resp_i", "fetch_response"),
        ]

    def text(self) -> list[str]:
        """Lines of the arbiter in front of the port, and of its wires."""
        count = len(self.stages)
        wires = {
            "fetch_asks, fetch_takes, fetch_beats": count,
            "fetch_addresses": count * ADDRESS_BITS,
            "fetch_lengths": count * 8,
            "fetch_beat": self.data_bits,
            "fetch_response": 2,
            "fetch_unused": count * 6,
        }
        parameters: list[tuple[str, int | str]] = [
            ("PORTS", count),
            ("DATA_BITS", self.data_bits),
            ("ADDRESS_BITS", ADDRESS_BITS),
            ("BURSTS", sum(int(stage.parameter("OUTSTANDING")) for stage in self.stages)),
        ]
        inner = [
            ("in_ar_valid_i", "fetch_asks"),
            ("in_ar_ready_o", "fetch_takes"),
            ("in_ar_addr_i", "fetch_addresses"),
            ("in_ar_len_i", "fetch_lengths"),
            ("in_r_valid_o", "fetch_beats"),
            ("in_r_data_o", "fetch_beat"),
            ("in_r_resp_o", "fetch_response"),
        ]
        outer = [(port.name.removeprefix("weights_"), port.name) for port in self.ports()[1:]]
        connections = [("clk_i", "clk_i"), ("rst_i", "rst_i"), *inner, *outer]
        return [
            heading(f"weights from memory, {self.bytes} bytes: {', '.join(s.name for s in self.stages)}"),
            *(f"  logic {vector(width)} {names};" for names, width in wires.items()),
            "",
            *instance(ARBITER, ARBITER, parameters, connections),
        ]


def memory_port(plan: Plan) -> MemoryPort | None:
    """The port of a plan, None where all weights lie on the chip."""
    stages = tuple(stage for stage in plan.stages if stage.port_cycles)
    if not stages:
        return None
    offsets, end = [], 0
    for stage in stages:
        offsets.append(-(-end // _ALIGNMENT) * _ALIGNMENT)
        memory = outside_memory_of(stage)
        assert memory is not None
        data = int(stage.parameter("DATA_BITS"))
        end = offsets[-1] + memory.depth * -(-memory.width // data) * data // 8
    return MemoryPort(stages, tuple(offsets), end)


def memory_image(network: Network, plan: Plan) -> bytes:
    """What lies at the port's base address; nothing where all weights are on the chip."""
    port = memory_port(plan)
    if port is None:
        return b""
    content = bytearray(port.bytes)
    for (_, memory, words), offset in zip(
        contents(network, plan, outside_memory_of), port.offsets, strict=True
    ):
        own = memory_bytes(words, memory.width, port.data_bits)
        content[offset : offset + len(own)] = own
    return bytes(content)
