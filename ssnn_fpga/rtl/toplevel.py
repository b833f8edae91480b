"""The text of a generated top level: wires between instances of library modules, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ssnn_fpga.plan.plan import INPUT, Plan, Stage
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, Stream
from ssnn_fpga.rtl.instance import heading, instance, reduced, vector
from ssnn_fpga.rtl.loading import LOADED, LOADER, load_ports, loaders, write_port
from ssnn_fpga.rtl.memory_port import ARBITER, MemoryPort, memory_port
from ssnn_fpga.rtl.ports import ERROR_PORT, ERRORS, Port, error_port, outer_name, outer_ports, unused_port

TOP = "accelerator"
_WATCHDOG = "watchdog"
_ZERO = "1'b0"


def toplevel(plan: Plan) -> str:
    """SystemVerilog of the module ``accelerator``; the same text for the same plan."""
    loadable, port = plan.options.loadable, memory_port(plan)
    parts = [_header(plan), *loaders(plan), *([] if port is None else port.text())]
    for stage in plan.stages[:-1]:
        parts.append(_stage(stage, signals(stage.name), loadable, port))
    parts.append(_stage(plan.stages[-1], _OUT, loadable, port))
    return "\n".join([*parts, *_watchdog(plan), *_errors(plan), "endmodule\n"])


def modules_of(plan: Plan) -> set[str]:
    """Modules of the library that the top level instantiates."""
    beside = {
        LOADER: plan.options.loadable,
        _WATCHDOG: plan.options.watchdog,
        ARBITER: memory_port(plan) is not None,
    }
    return {stage.module for stage in plan.stages} | {name for name, present in beside.items() if present}


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
    ports += load_ports(plan)
    if (memory := memory_port(plan)) is not None:
        ports += memory.ports()
    if _reports(plan):
        ports.append(Port("output", ERROR_PORT, len(ERRORS)))
    return ports


def _reports(plan: Plan) -> list[tuple[str, str]]:
    """Wire of everything that can report, and which of ``ERRORS`` it reports."""
    found = [(_error(stage), error_port(stage)) for stage in plan.stages]
    reports = [(wire, port[1]) for wire, port in found if port is not None]
    return [*reports, ("hang_error", "hang")] if plan.options.watchdog else reports


def _error(stage: Stage) -> str:
    return f"{stage.name}_error"


def _unused(stage: Stage) -> str:
    return f"{stage.name}_unused"


def _watchdog(plan: Plan) -> list[str]:
    """Looks at what the first stage takes, so behind a gate that may be closed, and at the output."""
    if not plan.options.watchdog:
        return []
    entry = signals(plan.stages[0].name) if plan.options.loadable else _IN
    parameters = [("LIMIT", plan.longest_silence), ("FRAME_TOKENS", plan.input.tokens)]
    ports = [("clk_i", "clk_i"), ("rst_i", "rst_i"), ("in_valid_i", entry.valid), ("in_ready_i", entry.ready)]
    ports += [("out_valid_i", _OUT.valid), ("out_ready_i", _OUT.ready), ("error_o", "hang_error")]
    title = heading(f"an error after {plan.longest_silence} cycles without a result that is due")
    return [title, "  logic hang_error;", "", *instance(_WATCHDOG, "watchdog", parameters, ports)]


def _errors(plan: Plan) -> list[str]:
    """The bits of ``error_o``."""
    reports = _reports(plan)
    if not reports:
        return []
    lines = [heading("what is wrong: " + ", ".join(f"bit {bit} {kind}" for bit, kind in enumerate(ERRORS)))]
    for bit, kind in enumerate(ERRORS):
        wires = [wire for wire, found in reports if found == kind]
        lines += reduced(f"{ERROR_PORT}[{bit}]", "|", wires or [_ZERO])
    return lines


def _header(plan: Plan) -> str:
    shape = f"{_shape(plan.input)} to {plan.output.channels} classes"
    ports = header_ports(plan)
    wide = max(len(vector(port.width)) for port in ports)
    lines = [f"    {port.direction:6} logic {vector(port.width):{wide}} {port.name}" for port in ports]
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


def _stage(stage: Stage, target: Signals, loadable: bool, port: MemoryPort | None) -> str:
    declared = _wires(stage) if target != _OUT else []
    flags = [(error_port(stage), _error(stage)), (unused_port(stage), _unused(stage))]
    declared += [f"  logic {wire};" for own, wire in flags if own]
    lines = [*_comment(stage), *declared, *([""] if declared else [])]
    ports = [*_ports(stage, target), *write_port(stage, loadable)]
    if port is not None and stage in port.stages:
        ports += port.connections(stage)
    return "\n".join([*lines, *instance(stage.module, stage.name, stage.parameters, ports)])


def _wires(stage: Stage) -> list[str]:
    """Declarations of the stream that leaves a stage, lined up."""
    wires = signals(stage.name)
    flags = [wires.valid, wires.ready]
    if isinstance(stage.output, AccumulatorStream):
        flags.append(wires.skipped)
    width = vector(stage.output.token_bits)
    copies = vector(int(stage.parameter("OUTPUTS")) if stage.module == "stream_fork" else 0)
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


def _ports(stage: Stage, outer: Signals) -> list[tuple[str, str]]:
    """Port connections; ``outer`` is the stream that leaves."""
    ports = [("clk_i", "clk_i"), ("rst_i", "rst_i"), *_inputs(stage)]
    ports += [("out_valid_o", outer.valid), ("out_ready_i", outer.ready)]
    if stage.module == "stream_fifo":
        ports.append(("out_data_o", _whole(outer, stage.output)))
    else:
        ports.append(("out_data_o", outer.data))
        if isinstance(stage.output, AccumulatorStream):
            ports.append(("out_skipped_o", outer.skipped))
    ports += [(port.name, outer_name(stage, port)) for port in outer_ports(stage)]
    if (report := error_port(stage)) is not None:
        ports.append((report[0], _error(stage)))
    if (unused := unused_port(stage)) is not None:
        ports.append((unused, _unused(stage)))
    if stage.module == "stream_gate":
        ports.append(("open_i", LOADED))
    return ports


def _comment(stage: Stage) -> list[str]:
    """What a reader wants to know of a stage: name, kind, shape; then its stream and its pace."""
    return [
        heading(f"{stage.name}: {_kind(stage)}"),
        f"  // {_format(stage.output)}; {stage.cycles} cycles a sample",
    ]


def _kind(stage: Stage) -> str:
    source, output = stage.source, stage.output
    match stage.module:
        case "conv" | "streamed_conv" | "scatter_conv":
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
        case "stream_gate":
            text = "frames wait until the memories are loaded"
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
