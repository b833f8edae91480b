"""What the operators take of a chip: the project's calibrated model, and the frames that wait."""

from __future__ import annotations

from collections.abc import Mapping

from ssnn_fpga.backends.finn.hdl import Operator
from ssnn_fpga.plan.resources import Calibration, Resources, estimate
from ssnn_fpga.plan.structure import MODULES, Terms, ram

_MODEL = Calibration.load()


def of_operator(operator: Operator) -> Resources:
    """LUTs, block RAMs and DSP slices of a module of ``hw/finn`` with its parameters."""
    given = {name.lower(): value for name, value in operator.parameters.items()}
    p = {name: value for name, value in given.items() if isinstance(value, int)}
    match operator.module:
        case "stream_lif":
            words, steps, pe = p.pop("words"), p["timesteps"], p["pe"]
            spikes = pe * p["levels"].bit_length()
            return (
                estimate("lif", nt=steps, **p)
                + _reordered(steps, words, pe * p["acc_bits"])
                + _reordered(steps, words, spikes)
            )
        case "stream_temporal_transform":
            words, pe = p.pop("words"), p.pop("pe")
            return (
                _transform(given, pe)
                + _reordered(p["t_in"], words, pe * p["act_bits"])
                + _reordered(p["t_out"], words, pe * p["out_bits"])
            )
        case "stream_readout":
            steps = p["timesteps"]
            return estimate("readout", nt=steps, **p) + _reordered(
                steps, p["outputs"] // p["pe"], p["pe"] * p["acc_bits"]
            )
        case _:
            return estimate("join_current", timesteps=1, nt=1, **p)


def _reordered(frames: int, words: int, width: int) -> Resources:
    """``frame_gather`` or ``frame_scatter``: all frames but one wait, each in a memory of its own."""
    parts = ram(width, words) * (frames - 1) + Terms({"control": 12.0}, flip_flops=width + 16)
    return _MODEL.resources("frame_gather", parts)


def _transform(given: Mapping[str, int | str], pe: int) -> Resources:
    names = ("t_in", "t_out", "act_bits", "out_bits", "shift", "fraction")
    values = {name: int(given[name]) for name in names}
    packed, width = int(str(given["matrix"]).split("'h")[1], 16), values["shift"] + 1
    matrix = tuple(
        packed >> width * entry & (1 << width) - 1 for entry in range(values["t_in"] * values["t_out"])
    )
    return _MODEL.resources(
        "temporal_transform", MODULES["temporal_transform"](group=pe, matrix=matrix, **values)
    )
