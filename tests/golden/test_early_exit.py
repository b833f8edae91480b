"""Margins chosen on calibration data, against trying all of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.early_exit import ExitFigures, calibrate, measure_exits, timesteps_until, with_margins
from ssnn_fpga.golden.engine import run
from ssnn_fpga.golden.exits import exit_order, exits
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    Dense,
    EarlyExit,
    Integers,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.qonnx_export import to_qonnx
from ssnn_fpga.network.qonnx_import import load
from tests.random_networks import random_network


def shrinking(rng: np.random.Generator, heads: int = 2, stages: tuple[int, ...] = (4, 2, 1)) -> Network:
    """Stages of so many timesteps, with early classifiers over whole frames behind the first ``heads``."""

    def weights(*shape: int) -> Integers:
        return rng.integers(-3, 4, shape)

    layers: list[object] = []
    source, early = NETWORK_INPUT, []
    for stage, timesteps in enumerate(stages):
        if stage:
            matrix = np.kron(np.eye(timesteps, dtype=np.int64), [8, 8])
            layers.append(TemporalTransform(f"shrink{stage}", (source,), matrix))
            source = f"shrink{stage}"
        conv, lif = f"conv{stage}", f"lif{stage}"
        channels = 2 if stage == 0 else 4
        layers.append(Conv(conv, (source,), weights(4, channels, 3, 3), 3, 1, 1))
        layers.append(Neuron(lif, (conv,), rng.integers(20, 90, 4), rng.integers(0, 30, 4)))
        source = lif
        if stage < heads:
            head = f"early{stage}"
            layers.append(Pool(f"{head}_pool", (source,), "sum", 6))
            layers.append(Dense(f"{head}_fc", (f"{head}_pool",), weights(4, 4), 3))
            layers.append(Readout(head, (f"{head}_fc",), rng.integers(-20, 20, 4)))
            early.append(head)
    layers.append(Dense("fc", (source,), weights(4, 4 * 36), 3))
    layers.append(Readout("readout", ("fc",), rng.integers(-20, 20, 4)))
    last = "readout"
    for head in reversed(early):
        layers.append(EarlyExit(f"exit_{head}", (head, last), 10**6))
        last = f"exit_{head}"
    return Network("n", Activation(stages[0], 2, 6, 6, 3), tuple(layers))  # type: ignore[arg-type]


def samples(seed: int, **shape: Any) -> tuple[Network, Mapping[str, Integers], Integers, Integers]:
    """A network, its trace for frames, the frames, and labels that its last read-out gets right mostly."""
    rng = np.random.default_rng(seed)
    network = shrinking(rng, **shape)
    frames = rng.integers(0, 4, (24, *network.input.shape)) * rng.integers(0, 2, (24, 1, 2, 6, 6))
    trace = run(network, frames)
    labels = np.where(rng.random(24) < 0.8, trace["readout"].argmax(axis=1), rng.integers(0, 4, 24))
    return network, trace, frames, labels


def test_timesteps_are_those_of_the_layers_that_an_answer_needs() -> None:
    network = shrinking(np.random.default_rng(0))
    assert timesteps_until(network) == pytest.approx((4 / 3, 6 / 3, 7 / 3))
    assert timesteps_until(random_network(np.random.default_rng(0), schedule=(4, 2), hidden=0)) == (3,)
    dense = Dense("fc", (NETWORK_INPUT,), np.ones((2, 1), int), 2)
    layers = (dense, Readout("r", ("fc",), np.zeros(2, int)))
    bare = Network("bare", Activation(1, 1, 1, 1, 1), layers)
    with pytest.raises(UserError, match="no neurons"):
        timesteps_until(bare)


def by_hand(network: Network, trace: Mapping[str, Integers], labels: Integers) -> ExitFigures:
    """One sample at a time."""
    order, until = exit_order(network), timesteps_until(network)
    margins = {layer.inputs[0]: layer.margin for layer in network.layers if isinstance(layer, EarlyExit)}
    right, steps, shares = 0, 0.0, [0] * len(order)
    for sample in range(len(labels)):
        for place, head in enumerate(order):
            first, second = sorted(trace[head][sample].tolist())[::-1][:2]
            if head == order[-1] or first - second >= margins[head]:
                right += int(trace[head][sample].argmax() == labels[sample])
                steps += until[place]
                shares[place] += 1
                break
    return ExitFigures(right / len(labels), steps / len(labels), tuple(s / len(labels) for s in shares))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("allowed", [0.0, 0.1, 0.3])
def test_the_margins_are_the_best_that_there_are(seed: int, allowed: float) -> None:
    network, trace, _, labels = samples(seed)
    calibrated = calibrate(network, trace, labels, allowed)
    found = measure_exits(calibrated, trace, labels)
    assert found.accuracy == pytest.approx(by_hand(calibrated, trace, labels).accuracy)
    assert found.timesteps == pytest.approx(by_hand(calibrated, trace, labels).timesteps)
    assert found.shares == pytest.approx(by_hand(calibrated, trace, labels).shares)
    final = (trace["readout"].argmax(axis=1) == labels).mean()
    assert found.accuracy >= final - allowed - 1e-6
    heads = exit_order(network)[:-1]
    leads = [np.unique(np.diff(np.sort(trace[head], axis=1))[:, -1]) for head in heads]
    options = [[0, *lead.tolist(), int(lead.max()) + 1] for lead in leads]
    best = found.timesteps
    for margins in product(*options):
        other = measure_exits(with_margins(network, dict(zip(heads, margins, strict=True))), trace, labels)
        if other.accuracy >= final - allowed - 1e-9:
            best = min(best, other.timesteps)
    assert found.timesteps == pytest.approx(best)


def test_everything_may_be_lost_and_everybody_leaves_first() -> None:
    network, trace, _, labels = samples(1)
    assert measure_exits(calibrate(network, trace, labels, 1.0), trace, labels).shares == (1, 0, 0)


def test_many_leads_are_tried_at_quantiles() -> None:
    rng = np.random.default_rng(3)
    network = shrinking(rng, heads=1)
    trace = {"early0": rng.integers(0, 10**6, (6_000, 4)), "readout": rng.integers(0, 10**6, (6_000, 4))}
    labels = trace["readout"].argmax(axis=1)
    trace["early0"][:3_000] = trace["readout"][:3_000]
    found = measure_exits(calibrate(network, trace, labels, 0.1), trace, labels)
    assert 0.9 <= found.accuracy < 0.91
    assert found.shares[0] > 0.1


def test_a_calibrated_network_is_the_same_in_its_file(tmp_path: object) -> None:
    network, trace, frames, labels = samples(2)
    calibrated = calibrate(network, trace, labels, 0.1)
    file = tmp_path / "model.onnx"  # type: ignore[operator]
    file.write_bytes(to_qonnx(calibrated).SerializeToString())
    read = load(file)
    again = run(read, frames)
    np.testing.assert_array_equal(again.logits, run(calibrated, frames).logits)
    np.testing.assert_array_equal(exits(read, again), exits(calibrated, trace))


def test_what_cannot_be_calibrated_is_refused() -> None:
    network, trace, _, labels = samples(0)
    none = {head: trace[head][:0] for head in trace}
    with pytest.raises(UserError, match="at least one labelled sample"):
        calibrate(network, none, labels[:0], 0.1)
    plain = random_network(np.random.default_rng(0))
    with pytest.raises(UserError, match="has no early exits; export it with its early classifiers"):
        calibrate(plain, {}, labels, 0.1)


def test_what_an_earlier_exit_ran_counts_for_the_later_ones() -> None:
    """The first head has neurons of its own, which run before anybody can go on to the next exit."""
    layers = list(shrinking(np.random.default_rng(0), heads=1, stages=(2, 1)).layers)
    place = next(index for index, layer in enumerate(layers) if layer.name == "early0_fc")
    hidden = Dense("hidden_fc", ("early0_pool",), np.ones((4, 4), int), 2)
    neuron = Neuron("hidden_lif", ("hidden_fc",), np.full(4, 9), np.zeros(4, int))
    layers[place : place + 1] = [hidden, neuron, Dense("early0_fc", ("hidden_lif",), np.ones((4, 4), int), 2)]
    network = Network("n", Activation(2, 2, 6, 6, 3), tuple(layers))
    assert timesteps_until(network) == pytest.approx(((2 + 2) / 3, (2 + 2 + 1) / 3))
