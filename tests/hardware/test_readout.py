"""The hardware's read-out against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

from sim.bench import run_bench
from ssnn_fpga.network.layers import Readout, signed_bits
from ssnn_fpga.network.ranges import readout_range
from ssnn_fpga.rtl.memory import bias_words

# outputs, PE, timesteps, NT, fraction, bound of the accumulators; small bounds give many ties. The
# biases of "padded-group" come through the write port.
_SHAPES = {
    "one-timestep": (10, 5, 1, 1, 4, 200),
    "padded-group": (10, 4, 4, 2, 4, 2),
    "all-at-once": (3, 3, 4, 4, 0, 1),
    "two-classes": (2, 1, 4, 1, 2, 9),
}


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.4, 0.6, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "reset-and-hanging-sink"],
)
@pytest.mark.parametrize("name", _SHAPES)
def test_readout(name: str, stalls: tuple[float, float, bool]) -> None:
    outputs, pe, timesteps, nt, fraction, bound = _SHAPES[name]
    random = np.random.default_rng(8)
    bias = -random.integers(0, 2 * bound, outputs) - 1  # negative: a padding channel would win
    layer = Readout(name="readout", inputs=("dense",), bias=bias, fraction=fraction)
    edge = np.full(outputs, bound)
    widths = readout_range(layer, -edge, edge, timesteps)
    parameters: dict[str, int | str] = {
        "OUTPUTS": outputs,
        "PE": pe,
        "TIMESTEPS": timesteps,
        "NT": nt,
        "ACC_BITS": signed_bits(-bound, bound),
        "LOGIT_BITS": widths.logit_bits,
        "BIAS_BITS": widths.bias_bits,
        "FRACTION": fraction,
        "INIT": "" if name == "padded-group" else "bias.mem",
    }
    words = bias_words(bias, pe, widths.bias_bits)
    config = {
        "samples": 60,
        "bound": bound,
        "bias": bias.tolist(),
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": stalls[2],
    }
    files = {"bias.mem": "".join(f"{word:x}\n" for word in words)}
    run_bench("readout", bench="bench_readout", parameters=parameters, seed=9, config=config, files=files)
