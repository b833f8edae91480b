"""The text of ``accelerator_edge``: a generated accelerator behind AXI4, as every board with a bus has it.

A board's top level instantiates it and nothing else of the design. Which ports the accelerator has
and what its input is stays in here, so no board's own file knows a network.
"""

from __future__ import annotations

from ssnn_fpga.network.layers import Compression
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.rtl.instance import instance, vector
from ssnn_fpga.rtl.memory_port import ADDRESS_BITS, MemoryPort, memory_port
from ssnn_fpga.rtl.ports import ERROR_PORT, ERRORS, Port
from ssnn_fpga.rtl.toplevel import TOP, header_ports

EDGE = "accelerator_edge"
AXI = "axi_accelerator"
"""The module of the library that it needs beside the accelerator."""
_DECAY_BITS = 5
_INNER = ("out_valid", "out_ready", "in_valid", "in_ready", "load_valid", "load_ready")


def takes_events(plan: Plan, compression: Compression | None) -> bool:
    """Whether the front end for address events fits the accelerator's input."""
    edge = plan.input
    return (
        compression is not None
        and edge.group <= 2
        and edge.shape
        == (
            compression.timesteps,
            2,
            compression.sensor_height // compression.spatial_factor,
            compression.sensor_width // compression.spatial_factor,
        )
        and edge.bits == compression.bits
    )


def edge(plan: Plan, compression: Compression | None) -> str:
    """SystemVerilog of the module; the same text for the same plan."""
    port = memory_port(plan)
    buses = _ports(port)
    lines = [f"    {_direction(port)} {port.name}" for port in buses]
    return "\n".join(
        [
            f"// Network {plan.network} behind AXI4: registers on a slave, frames and results in memory.",
            "//",
            "// Written by ssnn-fpga from plan.json; change the plan, not this file.",
            f"module {EDGE} #(",
            "    parameter int ADDRESS_BITS = 32,",
            "    parameter int MAX_BURST = 16,",
            "    parameter int OUTSTANDING = 4,",
            "    parameter logic [127:0] IDENTITY = '0",
            ") (",
            ",\n".join(lines),
            ");",
            *_wires(plan, port),
            "",
            "  // verilator lint_off PINCONNECTEMPTY",
            *instance(AXI, "axi", _parameters(plan, compression, port), _connections(buses, port)),
            *instance(TOP, TOP, [], _accelerator_ports(plan)),
            "  // verilator lint_on PINCONNECTEMPTY",
            "endmodule\n",
        ]
    )


def _wires(plan: Plan, port: MemoryPort | None) -> list[str]:
    widths = {"out_data": plan.input.token_bits, "in_data": plan.output.token_bits, "load_data": 32}
    lines = [f"  logic {', '.join((*_INNER, 'loaded', 'restart'))};"]
    lines += [f"  logic [{width - 1}:0] {name};" for name, width in widths.items()]
    lines.append(f"  logic [{len(ERRORS) - 1}:0] error;")
    if port is not None:
        lines.append("  logic weights_ar_valid, weights_ar_ready, weights_r_valid;")
        widths = {"ar_addr": ADDRESS_BITS, "ar_len": 8, "r_data": port.data_bits, "r_resp": 2}
        lines += [f"  logic [{width - 1}:0] weights_{name};" for name, width in widths.items()]
    names = {port.name for port in header_ports(plan)}
    if ERROR_PORT not in names:
        lines.append("  assign error = '0;")
    if not plan.options.loadable:
        lines += ["  assign load_ready = 1'b1;", "  assign loaded = 1'b1;"]
        lines += ["  logic unused;", "  assign unused = &{1'b0, load_valid, load_data};"]
    return lines


def _accelerator_ports(plan: Plan) -> list[tuple[str, str]]:
    """Of the accelerator's instance; what it tells beside its streams and errors stays open."""
    known = {
        "clk_i": "clk_i",
        "rst_i": "restart",
        "in_valid_i": "out_valid",
        "in_ready_o": "out_ready",
        "in_data_i": "out_data",
        "out_valid_o": "in_valid",
        "out_ready_i": "in_ready",
        "out_data_o": "in_data",
        "load_valid_i": "load_valid",
        "load_ready_o": "load_ready",
        "load_data_i": "load_data",
        "loaded_o": "loaded",
        ERROR_PORT: "error",
        "weights_base_i": "'0",  # the port adds where the image lies
        **{f"weights_{name}": f"weights_{name[:-2]}" for name in _WEIGHTS},
    }
    return [(port.name, known.get(port.name, "")) for port in header_ports(plan)]


def _parameters(
    plan: Plan, compression: Compression | None, port: MemoryPort | None
) -> list[tuple[str, int | str]]:
    found: list[tuple[str, int | str]] = [
        ("ADDRESS_BITS", "ADDRESS_BITS"),
        ("MAX_BURST", "MAX_BURST"),
        ("OUTSTANDING", "OUTSTANDING"),
        ("FRAME_TOKENS", plan.input.tokens),
        ("IN_WIDTH", plan.input.token_bits),
        ("OUT_WIDTH", plan.output.token_bits),
        ("LOADABLE", int(plan.options.loadable)),
        ("IDENTITY", "IDENTITY"),
    ]
    if port is not None:
        found += [("WEIGHTS", 1), ("WEIGHT_BITS", port.data_bits), ("WEIGHT_BEATS", port.beats)]
    if compression is None or not takes_events(plan, compression):
        return found
    table = sum(weight << _DECAY_BITS * age for age, weight in enumerate(compression.decay))
    found += [
        ("EVENTS", 1),
        ("GROUP", plan.input.group),
        ("SENSOR_HEIGHT", compression.sensor_height),
        ("SENSOR_WIDTH", compression.sensor_width),
        ("FACTOR", compression.spatial_factor),
        ("TIMESTEPS", compression.timesteps),
        ("ACT_BITS", compression.bits),
        ("WINDOW", compression.window_us),
        ("BIN_EVENTS", compression.bin_events),
    ]
    if compression.decay:
        bits = _DECAY_BITS * len(compression.decay)
        found += [
            ("DECAY_ENTRIES", len(compression.decay)),
            ("DECAY_SHIFT", compression.decay_shift),
            ("DECAY", f"{bits}'h{table:x}"),
        ]
    return found


def _connections(buses: list[Port], port: MemoryPort | None) -> list[tuple[str, str]]:
    inner = [(f"{name}_{'i' if name in _DRIVEN else 'o'}", name) for name in (*_INNER, *_OTHERS)]
    # An output of the accelerator is an input there.
    reads = [(f"weights_{name[:-1]}{'i' if name.endswith('o') else 'o'}", name[:-2]) for name in _WEIGHTS]
    if port is not None:
        inner += [(there, f"weights_{wire}") for there, wire in reads]
    else:  # tied off in here, so that no board sees it
        inner += [(bus.name, "'0" if bus.direction == "input" else "") for bus in _weights_bus(64)]
        inner += [(there, "'0" if there.endswith("_i") else "") for there, _ in reads]
    return [(bus.name, bus.name) for bus in buses] + inner


_WEIGHTS = ("ar_valid_o", "ar_ready_i", "ar_addr_o", "ar_len_o", "r_valid_i", "r_data_i", "r_resp_i")
"""Ports of the accelerator's reads of weights; the others of its port say nothing that is not fixed."""
_OTHERS = ("out_data", "in_data", "load_data", "loaded", "error", "restart")
_DRIVEN = ("out_ready", "in_valid", "in_data", "load_ready", "loaded", "error")
"""Wires that the accelerator drives."""


def _direction(port: Port) -> str:
    width = "[ADDRESS_BITS-1:0]" if port.width == _ADDRESS else vector(port.width)
    return f"{port.direction:6} logic {width:18}"


_ADDRESS = -1
_CHANNELS: dict[str, dict[str, int]] = {
    "aw": {"addr": _ADDRESS, "len": 8, "size": 3, "burst": 2, "id": 1, "cache": 4, "prot": 3},
    "w": {"data": 64, "strb": 8, "last": 0},
    "b": {"id": 1, "resp": 2},
    "ar": {"addr": _ADDRESS, "len": 8, "size": 3, "burst": 2, "id": 1, "cache": 4, "prot": 3},
    "r": {"id": 1, "data": 64, "resp": 2, "last": 0},
}
_REGISTERS: dict[str, dict[str, int]] = {
    "aw": {"addr": 8, "prot": 3},
    "w": {"data": 32, "strb": 4},
    "b": {"resp": 2},
    "ar": {"addr": 8, "prot": 3},
    "r": {"data": 32, "resp": 2},
}


_WEIGHTS_BUS = "m_axi_weights"


def _ports(port: MemoryPort | None) -> list[Port]:
    """Of the edge; the bus of weights only where the plan has weights outside the chip."""
    found = [Port("input", "clk_i"), Port("input", "rst_i"), Port("output", "interrupt_o")]
    found += _bus("s_axi", _REGISTERS) + _bus("m_axi", _CHANNELS)
    return found if port is None else found + _weights_bus(port.data_bits)


def _weights_bus(data_bits: int) -> list[Port]:
    """The master that reads weights."""
    read = {"ar": _CHANNELS["ar"], "r": {**_CHANNELS["r"], "data": data_bits}}
    return _bus(_WEIGHTS_BUS, read)


def _bus(name: str, channels: dict[str, dict[str, int]]) -> list[Port]:
    """A master's ports for a name that begins with m, else a slave's."""
    ports = []
    for channel, fields in channels.items():
        asks = (channel in ("aw", "w", "ar")) == name.startswith("m")  # the channel leaves the edge
        forward, backward = ("output", "input") if asks else ("input", "output")
        ports.append(Port(forward, f"{name}_{channel}valid"))  # type: ignore[arg-type]
        ports.append(Port(backward, f"{name}_{channel}ready"))  # type: ignore[arg-type]
        ports += [Port(forward, f"{name}_{channel}{field}", width) for field, width in fields.items()]  # type: ignore[arg-type]
    return ports
