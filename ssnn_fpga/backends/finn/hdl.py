"""The HDL of one operator: the project's own modules behind FINN's port names. Needs no FINN.

An operator is a module of ``hw/finn``, which puts one of ``hw/rtl`` between streams of frames.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ssnn_fpga.network.layers import Integers, signed_bits
from ssnn_fpga.rtl.instance import instance
from ssnn_fpga.rtl.library import hardware_directory, library_sources
from ssnn_fpga.rtl.memory import bias_words, threshold_words, write_hex


@dataclass(frozen=True)
class Operator:
    """One operator as hardware: a module of ``hw/finn``, its parameters and its table."""

    module: str
    parameters: dict[str, int | str]
    inputs: tuple[tuple[str, int], ...]
    """Prefix of each input's ports in the module, and the bits of a word."""
    output_bits: int
    words: Sequence[int] = field(default=())
    """Contents of its memory; none where it has none."""
    word_bits: int = 0

    @property
    def waiting_bits(self) -> int:
        """Bits of the frames that wait in it: all but the last one before, all but the first one behind."""
        p = {name: value for name, value in self.parameters.items() if isinstance(value, int)}
        ((_, width), *_), words = self.inputs, p.get("WORDS", 0)
        match self.module:
            case "stream_lif":
                return (p["TIMESTEPS"] - 1) * words * (width + self.output_bits)
            case "stream_temporal_transform":
                return words * ((p["T_IN"] - 1) * width + (p["T_OUT"] - 1) * self.output_bits)
            case "stream_readout":
                return (p["TIMESTEPS"] - 1) * p["OUTPUTS"] // p["PE"] * width
            case _:
                return 0


def neuron(
    *,
    channels: int,
    pixels: int,
    pe: int,
    timesteps: int,
    tl: int,
    acc_bits: int,
    theta: Integers,
    bias: Integers,
    mem_bits: int,
    current_bits: int,
    leak_multiplier: int,
    leak_shift: int,
    levels: int,
    strict: bool,
    reset_to_zero: bool,
    fraction: int,
    filter_shift: int,
) -> Operator:
    """``pe`` neurons that take ``tl`` timesteps a cycle; ``theta`` and ``bias`` (channels,)."""
    theta_bits = int(theta.max()).bit_length()
    bias_bits = _signed_bits(bias)
    return Operator(
        "stream_lif",
        {
            "WORDS": pixels * channels // pe,
            "CHANNELS": channels,
            "PE": pe,
            "TIMESTEPS": timesteps,
            "TL": tl,
            "ACC_BITS": acc_bits,
            "MEM_BITS": mem_bits,
            "THETA_BITS": theta_bits,
            "BIAS_BITS": bias_bits,
            "FRACTION": fraction,
            "LEAK_MULT": leak_multiplier,
            "LEAK_SHIFT": leak_shift,
            "FILTER_SHIFT": filter_shift,
            "CURRENT_BITS": current_bits,
            "LEVELS": levels,
            "STRICT": int(strict),
            "RESET_ZERO": int(reset_to_zero),
        },
        (("in", pe * acc_bits),),
        pe * levels.bit_length(),
        threshold_words(theta, bias, pe, theta_bits, bias_bits),
        pe * (theta_bits + bias_bits),
    )


def temporal_transform(
    *,
    channels: int,
    pixels: int,
    pe: int,
    act_bits: int,
    out_bits: int,
    matrix: Integers,
    shift: int,
    fraction: int,
) -> Operator:
    """``matrix`` is (T2, T1)."""
    t_out, t_in = matrix.shape
    packed = sum(int(m) << (shift + 1) * i for i, m in enumerate(matrix.reshape(-1)))
    width = matrix.size * (shift + 1)
    return Operator(
        "stream_temporal_transform",
        {
            "WORDS": pixels * channels // pe,
            "PE": pe,
            "T_IN": t_in,
            "T_OUT": t_out,
            "ACT_BITS": act_bits,
            "OUT_BITS": out_bits,
            "SHIFT": shift,
            "FRACTION": fraction,
            "MATRIX": f"{width}'h{packed:x}",
        },
        (("in", pe * act_bits),),
        pe * out_bits,
    )


def readout(
    *, outputs: int, pe: int, timesteps: int, acc_bits: int, logit_bits: int, bias: Integers, fraction: int
) -> Operator:
    """``bias`` is (outputs,); ``logit_bits`` hold every partial sum."""
    bias_bits = _signed_bits(bias)
    return Operator(
        "stream_readout",
        {
            "OUTPUTS": outputs,
            "PE": pe,
            "TIMESTEPS": timesteps,
            "ACC_BITS": acc_bits,
            "LOGIT_BITS": logit_bits,
            "BIAS_BITS": bias_bits,
            "FRACTION": fraction,
        },
        (("in", pe * acc_bits),),
        outputs * logit_bits,
        bias_words(bias, pe, bias_bits),
        pe * bias_bits,
    )


def join_current(
    *, channels: int, pe: int, first_bits: int, second_bits: int, out_bits: int, gain: Integers, fraction: int
) -> Operator:
    """``gain`` is (channels,)."""
    gain_bits = _signed_bits(gain)
    return Operator(
        "stream_join_current",
        {
            "CHANNELS": channels,
            "PE": pe,
            "FIRST_BITS": first_bits,
            "SECOND_BITS": second_bits,
            "GAIN_BITS": gain_bits,
            "OUT_BITS": out_bits,
            "FRACTION": fraction,
        },
        (("first", pe * first_bits), ("second", pe * second_bits)),
        pe * out_bits,
        bias_words(gain, pe, gain_bits),
        pe * gain_bits,
    )


def write(operator: Operator, name: str, folder: Path, library: Path | None = None) -> list[Path]:
    """Write the operator as a Verilog module ``name`` with FINN's ports, and all that it needs.

    ``name``.v comes last in the list that is returned. Every other module's name begins with
    ``name`` too, so that instances of other parameters may stand beside it. ``library`` is the
    folder ``hw``. Words are padded to bytes, as AXI streams demand; padding leaves as zeros.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hardware = library or hardware_directory()
    sources = library_sources([operator.module], hardware / "rtl", hardware / "finn")
    renamed = re.compile(rf"\b({'|'.join(path.stem for path in sources)})\b(?=\s*(?:#\s*)?\()")
    declared = re.compile(r"(?m)^module (\w+)")
    files = []
    for path in sources:
        text = declared.sub(rf"module {name}_\1", path.read_text())
        text = "\n".join(
            code_line if code_line.lstrip().startswith("//") else renamed.sub(rf"{name}_\1", code_line)
            for code_line in text.split("\n")
        )
        target = folder / f"{name}_{path.name}"
        target.write_text(text)
        files.append(target)
    if operator.words:
        write_hex(operator.words, operator.word_bits, folder / f"{name}.mem")
    wrapper = folder / f"{name}.v"
    wrapper.write_text(_wrapper(operator, name))
    return [*files, wrapper]


def _wrapper(operator: Operator, name: str) -> str:
    parameters = list(operator.parameters.items())
    if operator.words:
        parameters.append(("INIT", f'"./{name}.mem"'))  # FINN puts the folder in
    buses = [f"in{i}_V" for i in range(len(operator.inputs))]
    ports = [("clk_i", "ap_clk"), ("rst_i", "!ap_rst_n")]
    lines = [
        f"// {operator.module} between FINN's streams; written by ssnn-fpga.",
        f"module {name} (",
        '  (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF ' + ":".join([*buses, "out0_V"])
        + ', ASSOCIATED_RESET = ap_rst_n" *)',
        '  (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk CLK" *)',
        "  input  wire ap_clk,",
        '  (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)',
        "  input  wire ap_rst_n,",
    ]  # fmt: skip
    slack = []
    for bus, (prefix, bits) in zip(buses, operator.inputs, strict=True):
        padded = _bytes(bits)
        lines += [
            f"  input  wire [{padded - 1}:0] {bus}_TDATA,",
            f"  input  wire {bus}_TVALID,",
            f"  output wire {bus}_TREADY,",
        ]
        ports += [
            (f"{prefix}_valid_i", f"{bus}_TVALID"),
            (f"{prefix}_ready_o", f"{bus}_TREADY"),
            (f"{prefix}_data_i", f"{bus}_TDATA[{bits - 1}:0]"),
        ]
        if padded > bits:
            slack.append(f"{bus}_TDATA[{padded - 1}:{bits}]")
    width = operator.output_bits
    lines += [
        f"  output wire [{_bytes(width) - 1}:0] out0_V_TDATA,",
        "  output wire out0_V_TVALID,",
        "  input  wire out0_V_TREADY",
        ");",
        "",
        f"  wire [{width - 1}:0] word;",
        f"  assign out0_V_TDATA = {_padded('word', _bytes(width) - width)};",
    ]
    if slack:
        lines += [f"  wire unused_padding = |{{{', '.join(slack)}}};"]
    ports += [("out_valid_o", "out0_V_TVALID"), ("out_ready_i", "out0_V_TREADY"), ("out_data_o", "word")]
    body = instance(f"{name}_{operator.module}", operator.module, parameters, ports)
    return "\n".join([*lines, "", *body[:-1], "endmodule", ""])


def _padded(signal: str, zeros: int) -> str:
    return f"{{{zeros}'b0, {signal}}}" if zeros else signal


def _bytes(bits: int) -> int:
    """Bits of whole bytes."""
    return -(-bits // 8) * 8


def _signed_bits(values: Integers) -> int:
    return signed_bits(int(values.min()), int(values.max()))
