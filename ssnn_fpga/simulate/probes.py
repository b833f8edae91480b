"""C++ and Verilator configuration that open every stream of a generated top to the harness.

The design itself stays as it is synthesised: what is visible is told in a configuration file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.plan.streams import AccumulatorStream
from ssnn_fpga.rtl.loading import load_ports
from ssnn_fpga.rtl.memory_port import memory_port
from ssnn_fpga.rtl.ports import ERROR_PORT
from ssnn_fpga.rtl.stream import token_bytes
from ssnn_fpga.rtl.toplevel import TOP, header_ports, signals

PREFIX = f"V{TOP}"


_ASSIGNED = re.compile(
    r"(?:^|[;:)]|\bbegin|\belse)\s*(\{[^{}]*\}|[a-zA-Z_]\w*)\s*(?:\[[^;]*?\]\s*)*<=", re.MULTILINE
)
"""Left side of a non-blocking assignment, which in this library makes a register or a memory."""


def registers(source: str) -> list[str]:
    """Names of the registers and memories of a SystemVerilog source, sorted."""
    text = re.sub(r"//.*|\bfor\s*\([^)]*\)", "", source)
    return sorted({name for left in _ASSIGNED.findall(text) for name in re.findall(r"[a-zA-Z_]\w*", left)})


def probed(plan: Plan) -> list[Stage]:
    """The stages whose streams are open, the last one last; a fork only repeats the stream before it."""
    return [stage for stage in plan.stages if stage.module != "stream_fork"]


def configuration(plan: Plan, states: Mapping[str, str] | None = None) -> str:
    """Verilator configuration: which wires of the top level stay readable.

    ``states``: sources by module whose registers and memories shall be writable.

    The kernel's lanes, by far the most logic, stay modules, so that their C++ stands once.
    """
    wires = [wire for stage in probed(plan)[:-1] for wire in _wires(stage)]
    lines = [f'public_flat_rd -module "{TOP}" -var "{wire}"' for wire in wires]
    for module, source in (states or {}).items():
        lines += [f'public_flat_rw -module "{module}" -var "{name}"' for name in registers(source)]
    return "\n".join(["`verilator_config", 'no_inline -module "popcount_lane"', *lines, ""])


def table(plan: Plan) -> str:
    """C++ source with the table of streams, one a stage of ``probed``, the accelerator's output last."""
    rows = [_row(stage.name, _inner(stage), stage) for stage in probed(plan)[:-1]]
    last = plan.stages[-1]
    ports = {name: f"model.out_{name}" for name in ("valid_o", "ready_i", "data_o")}
    rows.append(_row(last.name, [ports["valid_o"], ports["ready_i"], ports["data_o"]], last))
    return "\n".join(
        [
            f'#include "{PREFIX}.h"',
            f'#include "{PREFIX}___024root.h"',
            '#include "memory.h"',
            '#include "probe.h"',
            "",
            f"extern const int kInputBits = {plan.input.token_bits};",
            "",
            "static const uint8_t* bytes(const void* signal) { return static_cast<const uint8_t*>(signal); }",
            "",
            f"std::vector<Stream> streams_of({PREFIX}& model) {{",
            "  return {",
            *rows,
            "  };",
            "}",
            "",
            f"LoadPort load_port_of({PREFIX}& model) {{ return {_load_port(plan)}; }}",
            f"ReadPort read_port_of({PREFIX}& model) {{ return {_read_port(plan)}; }}",
            f"const uint8_t* errors_of({PREFIX}& model) {{ return {_errors(plan)}; }}",
            "",
        ]
    )


def _load_port(plan: Plan) -> str:
    ports = ("valid_i", "ready_o", "data_i")
    return (
        f"{{{', '.join(f'&model.load_{p}' for p in ports)}, &model.loaded_o}}" if load_ports(plan) else "{}"
    )


def _read_port(plan: Plan) -> str:
    port = memory_port(plan)
    if port is None:
        return "{}"
    names = ("base_i", "ar_valid_o", "ar_ready_i", "ar_addr_o", "ar_len_o", "r_valid_i")
    fields = [f"&model.weights_{name}" for name in names]
    fields.append("reinterpret_cast<uint8_t*>(&model.weights_r_data_i)")
    return "{" + ", ".join([*fields, "&model.weights_r_resp_i", str(port.data_bits // 8)]) + "}"


def _errors(plan: Plan) -> str:
    present = any(port.name == ERROR_PORT for port in header_ports(plan))
    return f"&model.{ERROR_PORT}" if present else "nullptr"


def _wires(stage: Stage) -> list[str]:
    names = signals(stage.name)
    wires = [names.valid, names.ready, names.data]
    return [*wires, names.skipped] if isinstance(stage.output, AccumulatorStream) else wires


def _inner(stage: Stage) -> list[str]:
    return [f"model.rootp->{TOP}__DOT__{_mangled(wire)}" for wire in _wires(stage)]


def _mangled(name: str) -> str:
    """Verilator keeps "__" for itself."""
    return name.replace("__", "___05F")


def _row(name: str, signals_of: list[str], stage: Stage) -> str:
    valid, ready, data, *skipped = (f"bytes(&{signal})" for signal in signals_of)
    flag = skipped[0] if skipped else "nullptr"
    size = token_bytes(stage.output.token_bits)
    return f'      {{"{name}", {valid}, {ready}, {flag}, {data}, {size}, {stage.output.tokens}}},'
