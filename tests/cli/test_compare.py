"""One table of several back ends: equal values, figures with their origin, no figure where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.backends.hls4ml.state import state_bits
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Dense,
    Integers,
    Network,
    Neuron,
    Readout,
    TemporalTransform,
)


def test_back_ends_agree_and_figures_have_an_origin(tiny_model: Path, run_cli: Callable[..., Any]) -> None:
    options = ("--backends", "rtl,hls4ml,onnxruntime", "--samples", 4, "--json")
    outcome = run_cli("compare", tiny_model, *options)
    assert outcome.code == 0, outcome.err
    rows = outcome.figures["backends"]
    assert list(rows) == ["rtl", "hls4ml", "onnxruntime"]
    assert {row["mismatches"] for row in rows.values()} == {0}
    assert len({row["values_compared"] for row in rows.values()}) == 1
    assert rows["rtl"]["interval"]["origin"] == "simulated"
    assert rows["rtl"]["luts"]["origin"].startswith("estimated")
    assert rows["rtl"]["state_bits"]["value"] == 0 < rows["hls4ml"]["state_bits"]["value"]
    assert set(rows["hls4ml"]) == {"mismatches", "values_compared", "state_bits"}
    assert set(rows["onnxruntime"]) == {"mismatches", "values_compared"}


def test_a_value_that_differs_is_named(
    tiny_model: Path, run_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ssnn_fpga import engines

    right = engines.Onnxruntime.trace

    def wrong(self: engines.Onnxruntime, frames: Integers) -> dict[str, Integers]:
        trace = dict(right(self, frames))
        trace["readout"][2, 7] += 1
        return trace

    monkeypatch.setattr(engines.Onnxruntime, "trace", wrong)
    outcome = run_cli("compare", tiny_model, "--backends", "onnxruntime", "--samples", 4)
    assert outcome.code == 1
    assert "onnxruntime: layer readout, sample 2, class 7" in outcome.err


def test_an_unknown_back_end_is_refused(tiny_model: Path, run_cli: Callable[..., Any]) -> None:
    outcome = run_cli("compare", tiny_model, "--backends", "rtl,catapult")
    assert outcome.code == 2
    assert "no back end 'catapult'" in outcome.err


def test_state_is_counted_by_hand() -> None:
    theta, bias = np.full(3, 10), np.zeros(3, np.int64)
    network = Network(
        "counted",
        Activation(2, 2, 1, 1, maximum=1),
        (
            Dense("fc1", (NETWORK_INPUT,), np.ones((3, 2), np.int64), 2),
            Neuron("lif1", ("fc1",), theta, bias, fraction=0, levels=2),
            TemporalTransform("shrink", ("lif1",), np.array([[1, 1]]), 1, 0),
            Dense("fc2", ("shrink",), np.ones((3, 3), np.int64), 2),
            Neuron("lif2", ("fc2",), theta, bias, fraction=0, filter_shift=1),
            Dense("fc3", ("lif2",), np.ones((2, 3), np.int64), 2),
            Readout("readout", ("fc3",), np.zeros(2, np.int64)),
        ),
    )
    # lif1: U up to 2 + 2/2 = 3, signed: 3 bits. shrink: sums up to 2 * 2: 3 bits.
    # lif2: U and c up to 6: 4 bits each.
    assert state_bits(network) == 3 * 3 + 3 * 3 + 3 * (4 + 4)
