"""The port over which weights come from memory outside the chip, and how they lie there.

All layers with streamed weights share one AXI4 read port. Their words follow each other in one
image, whose place in memory the accelerator is told through ``weights_base_i``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.rtl.ports import Port

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

    def wires(self) -> list[str]:
        """Declarations of the wires between the stages and the arbiter."""
        count = len(self.stages)
        vectors = {
            "fetch_asks, fetch_takes, fetch_beats": count,
            "fetch_addresses": count * ADDRESS_BITS,
            "fetch_lengths": count * 8,
            "fetch_beat": self.data_bits,
            "fetch_response": 2,
            "fetch_unused": count * 6,
        }
        return [f"  logic [{width - 1:>4}:0] {names};" for names, width in vectors.items()]

    def arbiter(self) -> tuple[list[tuple[str, int | str]], list[tuple[str, str]]]:
        """Parameters and connections of the ``read_arbiter`` in front of the port."""
        bursts = sum(int(stage.parameter("OUTSTANDING")) for stage in self.stages)
        parameters: list[tuple[str, int | str]] = [
            ("PORTS", len(self.stages)),
            ("DATA_BITS", self.data_bits),
            ("ADDRESS_BITS", ADDRESS_BITS),
            ("BURSTS", bursts),
        ]
        inner = {
            "in_ar_valid_i": "fetch_asks",
            "in_ar_ready_o": "fetch_takes",
            "in_ar_addr_i": "fetch_addresses",
            "in_ar_len_i": "fetch_lengths",
            "in_r_valid_o": "fetch_beats",
            "in_r_data_o": "fetch_beat",
            "in_r_resp_o": "fetch_response",
        }
        outer = [(port.name.removeprefix("weights_"), port.name) for port in self.ports()[1:]]
        return parameters, [("clk_i", "clk_i"), ("rst_i", "rst_i"), *inner.items(), *outer]


def memory_port(plan: Plan) -> MemoryPort | None:
    """The port of a plan, None where all weights lie on the chip."""
    stages = tuple(stage for stage in plan.stages if stage.port_cycles)
    if not stages:
        return None
    offsets, end = [], 0
    for stage in stages:
        offsets.append(-(-end // _ALIGNMENT) * _ALIGNMENT)
        end = offsets[-1] + _bytes(stage)
    return MemoryPort(stages, tuple(offsets), end)


def _bytes(stage: Stage) -> int:
    """Bytes that a stage's words take."""
    values = dict(stage.parameters)
    pe, simd, data = int(values["PE"]), int(values["SIMD"]), int(values["DATA_BITS"])
    if stage.module == "streamed_dense":
        inputs = int(values["INPUTS"])
    else:
        inputs = int(values["KERNEL"]) ** 2 * int(values["IN_CHANNELS"]) // int(values["CONV_GROUPS"])
    words = stage.output.channels // pe * -(-inputs // simd)
    return words * -(-pe * simd * int(values["WEIGHT_BITS"]) // data) * data // 8
