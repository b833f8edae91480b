"""The joins of activations and of currents against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

from sim.bench import run_bench
from ssnn_fpga.rtl.memory import bias_words

# stalls of the inputs, stall of the output, whether there is a reset in mid-frame and a hanging sink
_TRAFFIC = {
    "full-rate": ([0.0, 0.0, 0.0], 0.0, False),
    "stalls": ([0.4, 0.0, 0.7], 0.4, False),
    "slow-sink": ([0.0, 0.2, 0.0], 0.8, False),
    "reset-and-hanging-sink": ([0.1, 0.0, 0.1], 0.1, True),
}

# bits of the inputs, bits of the sum, group, timesteps
_SUMS = {"spikes-and-counts": ([1, 3, 2], 4, 3, 2), "two-spikes": ([1, 1], 2, 2, 3)}


@pytest.mark.parametrize("traffic", _TRAFFIC)
@pytest.mark.parametrize("shape", _SUMS)
def test_join_sum(shape: str, traffic: str) -> None:
    bits, out_bits, group, timesteps = _SUMS[shape]
    stalls_in, stall_out, hang = _TRAFFIC[traffic]
    widths = sum(width << (8 * index) for index, width in enumerate(bits))
    parameters: dict[str, int | str] = {
        "INPUTS": len(bits), "GROUP": group, "TIMESTEPS": timesteps,
        "ACT_BITS": f"{8 * len(bits)}'h{widths:x}", "OUT_BITS": out_bits,
    }  # fmt: skip
    config = {
        "bits": bits, "frame": (2, 2 * group, 5, 4),
        "stalls_in": stalls_in[: len(bits)], "stall_out": stall_out, "hang": hang,
    }  # fmt: skip
    run_bench("join_sum", bench="bench_join_sum", parameters=parameters, seed=2, config=config)


# channels, PE, timesteps, NT, bits of both accumulators and of the gain, fraction, gains by write port
_CURRENTS = {
    "padded-group": (5, 2, 4, 2, 7, 9, 6, 4, False),
    "one-group": (3, 3, 2, 2, 9, 5, 10, 0, True),
}


@pytest.mark.parametrize("traffic", _TRAFFIC)
@pytest.mark.parametrize("shape", _CURRENTS)
def test_join_current(shape: str, traffic: str) -> None:
    channels, pe, timesteps, nt, first, second, gain_bits, fraction, write = _CURRENTS[shape]
    stalls_in, stall_out, hang = _TRAFFIC[traffic]
    limit = 1 << (gain_bits - 1)
    gain = np.random.default_rng(3).integers(-limit, limit, channels)
    gain[:2] = -limit, limit - 1
    parameters: dict[str, int | str] = {
        "CHANNELS": channels, "PE": pe, "TIMESTEPS": timesteps, "NT": nt, "FIRST_BITS": first,
        "SECOND_BITS": second, "GAIN_BITS": gain_bits, "FRACTION": fraction,
        "OUT_BITS": max(first + fraction, second + gain_bits - 1) + 1, "INIT": "" if write else "gain.mem",
    }  # fmt: skip
    config = {
        "frame": (2, 3, 4), "gain": gain.tolist(),
        "stalls_in": stalls_in[:2], "stall_out": stall_out, "hang": hang,
    }  # fmt: skip
    words = bias_words(gain, pe, gain_bits)
    files = {} if write else {"gain.mem": "".join(f"{word:x}\n" for word in words)}
    run_bench(
        "join_current", bench="bench_join_current", parameters=parameters, seed=3, config=config, files=files
    )
