"""The text of a generated top level: wires between instances of library modules, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ssnn_fpga.plan.plan import INPUT, Plan, Stage
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, Stream
from ssnn_fpga.rtl.memory_port import MemoryPort, memory_port
from ssnn_fpga.rtl.ports import ERRORS, Port, error_port, outer_name, outer_ports

TOP = "accelerator"
_ZERO = "1'b0"

_WRITABLE = ("conv", "dense", "lif", "readout", "join_current")
"""Modules with a memory, whose write port a generated top ties off."""


def toplevel(plan: Plan) -> str:
    """SystemVerilog of the module ``accelerator``; the same text for the same plan."""
    port = memory_port(plan)
    parts = [_header(plan)]
    if port is not None:
        parts.append(_fetching(port))
    for stage in plan.stages[:-1]:
        parts.append(_stage(stage, signals(stage.name), port))
    parts.append(_stage(plan.stages[-1], _OUT, port))
    return "\n".join([*parts, *_errors(plan), "endmodule\n"])


@dataclass(frozen=True)
class Signals:
    """Names of the wires of one stream in the top level."""

    valid: str
    ready: str
    data: str
    skipped: str


_IN = Signals("in_valid_i", "in_ready_o", "in_data_i", "")
_OUT = Signals("out_valid_o", "out_ready_i", "out_data_o", "")


def signals(stage: str) -> Signals:
    """The wires of the stream that leaves a stage."""
    return Signals(*(f"{stage}_{wire}" for wire in ("valid", "ready", "data", "skipped")))


def header_ports(plan: Plan) -> list[Port]:
    """All ports of the top level, in order."""
    ports = [
        Port("input", "clk_i"),
        Port("input", "rst_i"),
        Port("input", "in_valid_i"),
        Port("output", "in_ready_o"),
        Port("input", "in_data_i", plan.input.token_bits),
        Port("output", "out_valid_o"),
        Port("input", "out_ready_i"),
        Port("output", "out_data_o", plan.output.token_bits),
    ]
    for stage in plan.stages:
        ports += [replace(port, name=outer_name(stage, port)) for port in outer_ports(stage)]
    if (memory := memory_port(plan)) is not None:
        ports += memory.ports()
    if _reports(plan):
        ports.append(Port("output", "error_o", len(ERRORS)))
    return ports


def _reports(plan: Plan) -> list[tuple[str, str]]:
    """Wire of everything that can report, and which of ``ERRORS`` it reports."""
    found = [(_error(stage), error_port(stage)) for stage in plan.stages]
    return [(wire, port[1]) for wire, port in found if port is not None]


def _error(stage: Stage) -> str:
    return f"{stage.name}_error"


def _errors(plan: Plan) -> list[str]:
    """The bits of ``error_o``."""
    reports = _reports(plan)
    if not reports:
        return []
    lines = ["  // ---- error_o: bit, what it tells"]
    for bit, kind in enumerate(ERRORS):
        wires = " | ".join(wire for wire, found in reports if found == kind)
        lines.append(f"  assign error_o[{bit}] = {wires or _ZERO};  // {kind}")
    return lines


def _header(plan: Plan) -> str:
    shape = f"{_shape(plan.input)} to {plan.output.channels} classes"
    ports = header_ports(plan)
    wide = max(len(_range(port.width)) for port in ports)
    lines = [f"    {port.direction:6} logic {_range(port.width):{wide}} {port.name}" for port in ports]
    return "\n".join(
        [
            f"// Network {plan.network}: {shape}.",
            "//",
            "// Written by ssnn-fpga from plan.json; change the plan, not this file.",
            "//",
            f"// in:  {_format(plan.input)}; {plan.input.tokens} tokens a sample",
            f"// out: {_format(plan.output)}; one token a sample",
            f"module {TOP} (",
            ",\n".join(lines),
            ");",
        ]
    )


def _fetching(port: MemoryPort) -> str:
    """The arbiter in front of the memory port, and its wires."""
    title = "---- weights from memory: " + ", ".join(stage.name for stage in port.stages) + " "
    parameters, connections = port.arbiter()
    return "\n".join(
        [
            f"  // {title}" + "-" * max(4, 96 - len(title)),
            f"  // {port.bytes} bytes at weights_base_i",
            *port.wires(),
            "",
            "  read_arbiter #(",
            *_connections(parameters),
            "  ) i_read_arbiter (",
            *_connections(connections),
            "  );",
            "",
        ]
    )


def _stage(stage: Stage, target: Signals, port: MemoryPort | None) -> str:
    lines = [f"  // {line}" for line in _comment(stage)]
    declared = _wires(stage) if target != _OUT else []
    if error_port(stage):
        declared.append(f"  logic {_error(stage)};")
    lines += [*declared, ""] if declared else []
    lines.append(f"  {stage.module} #(")
    lines += _connections(stage.parameters)
    lines.append(f"  ) i_{stage.name} (")
    lines += _connections(_ports(stage, target, port))
    lines += ["  );", ""]
    return "\n".join(lines)


def _wires(stage: Stage) -> list[str]:
    """Declarations of the stream that leaves a stage, lined up."""
    wires = signals(stage.name)
    flags = [wires.valid, wires.ready]
    if isinstance(stage.output, AccumulatorStream):
        flags.append(wires.skipped)
    width = _range(stage.output.token_bits)
    copies = _range(int(stage.parameter("OUTPUTS")) if stage.module == "stream_fork" else 0)
    wide = max(len(width), len(copies))
    return [f"  logic {copies:{wide}} {', '.join(flags)};", f"  logic {width:{wide}} {wires.data};"]


def _feeding(name: str) -> Signals:
    """The wires that a stage reads; a copy of a fork has its own flags and shares the data."""
    if name == INPUT:
        return _IN
    fork, _, copy = name.partition("[")
    wires = signals(fork)
    return replace(wires, valid=f"{wires.valid}[{copy}", ready=f"{wires.ready}[{copy}") if copy else wires


_TWO_INPUTS = {"join_current": ("first", "second"), "early_exit": ("early", "final")}
"""Names of the inputs of modules whose inputs differ in kind."""


def _inputs(stage: Stage) -> list[tuple[str, str]]:
    feeds = [_feeding(feed.name) for feed in stage.inputs]
    if stage.module == "join_sum":  # one bit an input, input 0 lowest
        kinds = ("in_valid_i", "in_ready_o", "in_data_i")
        wires = zip(*((f.valid, f.ready, f.data) for f in reversed(feeds)), strict=True)
        return [(port, "{" + ", ".join(several) + "}") for port, several in zip(kinds, wires, strict=True)]
    if stage.module == "stream_fifo":  # what goes beside the data is data to it
        [feed] = feeds
        return [
            ("in_valid_i", feed.valid),
            ("in_ready_o", feed.ready),
            ("in_data_i", _whole(feed, stage.source)),
        ]
    ports = []
    for name, feed in zip(_TWO_INPUTS.get(stage.module, ("in",)), feeds, strict=True):
        ports += [(f"{name}_valid_i", feed.valid), (f"{name}_ready_o", feed.ready)]
        ports.append((f"{name}_data_i", feed.data))
        if isinstance(stage.source, AccumulatorStream):
            ports.append((f"{name}_skipped_i", feed.skipped))
    return ports


def _whole(wires: Signals, kind: Stream) -> str:
    """All of a token in one vector."""
    return f"{{{wires.skipped}, {wires.data}}}" if isinstance(kind, AccumulatorStream) else wires.data


def _ports(stage: Stage, outer: Signals, port: MemoryPort | None) -> list[tuple[str, str]]:
    """Port connections; ``outer`` is the stream that leaves, ``port`` the way to memory."""
    ports = [("clk_i", "clk_i"), ("rst_i", "rst_i"), *_inputs(stage)]
    ports += [("out_valid_o", outer.valid), ("out_ready_i", outer.ready)]
    if stage.module == "stream_fifo":
        ports.append(("out_data_o", _whole(outer, stage.output)))
    else:
        ports.append(("out_data_o", outer.data))
        if isinstance(stage.output, AccumulatorStream):
            ports.append(("out_skipped_o", outer.skipped))
    if stage.module == "early_exit":
        ports.append(("out_exited_o", ""))
    ports += [(own.name, outer_name(stage, own)) for own in outer_ports(stage)]
    if port is not None and stage in port.stages:
        ports += port.connections(stage)
    if (report := error_port(stage)) is not None:
        ports.append((report[0], _error(stage)))
    if stage.module in _WRITABLE:
        ports += [("write_en_i", _ZERO), ("write_addr_i", "'0"), ("write_data_i", "'0")]
    return ports


def _connections(pairs: Sequence[tuple[str, int | str]]) -> list[str]:
    wide = max(len(name) for name, _ in pairs)
    lines = [f"      .{name:{wide}} ({value})" for name, value in pairs]
    return [line + "," for line in lines[:-1]] + lines[-1:]


def _comment(stage: Stage) -> list[str]:
    """What a reader wants to know of a stage: name, kind, shape; then its stream and its pace."""
    title = f"---- {stage.name}: {_kind(stage)} "
    return [title + "-" * max(4, 96 - len(title)), f"{_format(stage.output)}; {stage.cycles} cycles a sample"]


def _kind(stage: Stage) -> str:
    source, output = stage.source, stage.output
    match stage.module:
        case "conv" | "streamed_conv":
            size = stage.parameter("KERNEL")
            text = f"{size} x {size} convolution, {_shape(source)} to {_shape(output)}"
        case "dense" | "streamed_dense":
            return f"dense, {stage.parameter('INPUTS')} inputs to {output.channels} outputs"
        case "lif":
            text = f"{output.channels} neurons, {_shape(source)}"
        case "pool":
            text = f"pooling {stage.parameter('SIZE')} x {stage.parameter('SIZE')}, to {_shape(output)}"
        case "temporal_transform":
            text = f"timesteps {stage.parameter('T_IN')} to {stage.parameter('T_OUT')}"
        case "stream_fork":
            text = f"{stage.parameter('OUTPUTS')} copies of {stage.inputs[0].name}"
        case "stream_fifo":
            text = f"{stage.parameter('DEPTH')} tokens"
        case "join_sum" | "join_current":
            text = f"{' + '.join(feed.name for feed in stage.inputs)}"
        case "early_exit":
            text = f"logits of {stage.inputs[0].name} where they are sure, else of {stage.inputs[1].name}"
        case "gearbox":
            text = f"channel groups of {stage.parameter('IN_GROUP')} to {stage.parameter('OUT_GROUP')}"
        case _:
            text = f"logits of {output.channels} classes and the largest of them"
    return text


def _shape(stream: Stream) -> str:
    if isinstance(stream, ActivationStream | AccumulatorStream):
        return f"{stream.height} x {stream.width} x {stream.channels} in {stream.timesteps} timesteps"
    return f"{stream.channels} classes"


def _format(stream: Stream) -> str:
    if isinstance(stream, ActivationStream):
        return f"tokens of {stream.timesteps} timesteps x {stream.bits} bits x {stream.group} channels"
    if isinstance(stream, AccumulatorStream):
        return f"accumulators of {stream.resident} timesteps x {stream.pe} channels x {stream.bits} bits"
    return f"{stream.channels} logits of {stream.bits} bits, above them the class"


def _range(width: int) -> str:
    return f"[{width - 1:>4}:0]" if width else ""
