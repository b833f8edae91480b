"""NIR in: the spikes of snnTorch and Norse, exactly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import snntorch
import torch
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.interchange.float_network import (
    FloatNetwork,
    FloatNeuron,
    FloatPool,
    FloatSynapses,
    logits,
    run,
)
from ssnn_fpga.interchange.nir_import import read_nir
from ssnn_fpga.interchange.quantise import quantise
from ssnn_fpga.network.layers import Conv, Dense, Neuron
from ssnn_fpga.network.qonnx_export import to_qonnx
from ssnn_fpga.network.qonnx_import import load
from tests.interchange.networks import FRAME, TIMESTEPS, frames, leaky, snntorch_network, spikes, write


def neurons(network: FloatNetwork, given: NDArray[np.integer]) -> list[NDArray[np.float64]]:
    """Spikes of each layer of neurons."""
    values = run(network, given)
    return [values[layer.name] for layer in network.layers if isinstance(layer, FloatNeuron)]


def agrees(file: Path, trained: torch.nn.Module, **options: Any) -> bool:
    """Whether every spike of the file's network, read with ``options``, is that of the trained one."""
    given = frames()
    theirs, _ = spikes(trained, given)
    ours = neurons(read_nir(file, frame=FRAME, **options), given)
    assert len(ours) == len(theirs)
    assert all(0.02 < each.mean() < 0.98 for each in theirs)  # neither silent nor all alike
    return all(np.array_equal(a.reshape(b.shape), b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("beta", [0.5, 0.75, 0.0])
def test_every_spike_is_that_of_snntorch(seed: int, beta: float, tmp_path: Path) -> None:
    trained = snntorch_network(seed, beta=beta)
    file = write(trained, tmp_path / "net.nir")
    assert agrees(file, trained)
    network = read_nir(file, frame=FRAME)
    _, output = spikes(trained, frames())
    theirs = output.sum(axis=1)
    np.testing.assert_allclose(logits(network, run(network, frames())), theirs, rtol=1e-5)


def test_a_threshold_that_is_met_exactly_does_not_fire(tmp_path: Path) -> None:
    """On the grid of these weights it is met all the time: ≥ instead of > would not agree."""
    trained = snntorch_network(0)
    network = read_nir(write(trained, tmp_path / "net.nir"), frame=FRAME)
    first = network.layers[1]
    assert isinstance(first, FloatNeuron)
    weak = FloatNeuron(first.name, first.leak, first.threshold, strict=False, reset=first.reset)
    other = FloatNetwork(network.name, network.input, (network.layers[0], weak, *network.layers[2:]))
    given = frames()
    assert (run(network, given)["1"] != run(other, given)["1"]).mean() > 0.01


def test_a_reset_to_zero_one_step_later_gives_the_same_spikes(tmp_path: Path) -> None:
    trained = snntorch_network(1, reset_delay=True)
    file = write(trained, tmp_path / "net.nir")
    assert agrees(file, trained, late=True)
    assert agrees(file, trained)  # nothing reads the membrane in between


def test_resets_by_subtraction_are_read_when_asked_for(tmp_path: Path) -> None:
    """Norse's reset_subtract, which its own NIR files do not mention."""
    lif_box = pytest.importorskip("norse.torch.functional.lif_box")
    reset = pytest.importorskip("norse.torch.functional.reset")
    random = np.random.default_rng(3)
    affine = nir.Affine(random.integers(-5, 6, (6, 288)) / 16, random.integers(0, 4, 6) / 16)
    ones = np.ones(6)
    lif = nir.LIF(tau=0.002 * ones, r=ones, v_leak=0 * ones, v_threshold=0.5 * ones)
    shape = {"input": np.array(FRAME)}
    nodes = nir.Input(shape), nir.Flatten(shape, 0, -1), affine, lif, nir.Output({"output": np.array([6])})
    nir.write(tmp_path / "net.nir", nir.NIRGraph.from_list(*nodes))
    given = frames()
    real, plain = (
        read_nir(tmp_path / "net.nir", frame=FRAME, dt=0.001, reset=each) for each in ("subtract", "zero")
    )
    ours = run(real, given)["lif"][..., 0, 0]
    assert not np.array_equal(run(plain, given)["lif"][..., 0, 0], ours)
    parameters = lif_box.LIFBoxParameters(
        tau_mem_inv=torch.tensor(500.0), v_th=torch.tensor(0.5), reset_method=reset.reset_subtract
    )
    state = lif_box.LIFBoxFeedForwardState(v=torch.zeros(len(given), 6))
    for t in range(TIMESTEPS):
        current = given[:, t].reshape(len(given), -1) @ affine.weight.T + affine.bias
        x = torch.tensor(current).float()
        out, state = lif_box.lif_box_feed_forward_step(x, state, parameters, dt=0.001)
        np.testing.assert_array_equal(out.numpy(), ours[:, t])
    assert 0.05 < ours.mean() < 0.95


def test_a_subtraction_one_step_later_is_exact_without_a_leak_and_refused_with_one(tmp_path: Path) -> None:
    trained = snntorch_network(0, reset_mechanism="subtract", reset_delay=True)
    file = write(trained, tmp_path / "net.nir")
    with pytest.raises(UserError, match="'1': subtracts its threshold one step after the spike"):
        read_nir(file, frame=FRAME, reset="subtract", late=True)
    assert not agrees(file, trained, reset="subtract")  # a reset in the same step is another network

    integrator = nir.read(file)
    for name, node in integrator.nodes.items():
        if isinstance(node, nir.LIF):
            ones = np.ones_like(node.v_threshold)
            integrator.nodes[name] = nir.IF(r=ones, v_threshold=ones)
    nir.write(file, integrator)
    for layer in trained:
        if hasattr(layer, "beta"):
            layer.beta.fill_(1.0)
    assert agrees(file, trained, reset="subtract", late=True)


@pytest.mark.parametrize("kind", ["LIF", "IF"])
def test_every_spike_is_that_of_norse(kind: str, tmp_path: Path) -> None:
    """A file as Norse's reader takes it (r = 1), with parameters of the layer's shape."""
    norse = pytest.importorskip("norse.torch")
    random = np.random.default_rng(4)

    def neuron(*shape: int) -> nir.NIRNode:
        ones = np.ones(shape)
        if kind == "IF":
            return nir.IF(r=ones, v_threshold=2 * ones)
        return nir.LIF(tau=0.004 * ones, r=ones, v_leak=0 * ones, v_threshold=0.5 * ones)

    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array(FRAME)}),
        nir.Conv2d(
            (12, 12), random.integers(-5, 6, (4, 2, 3, 3)) / 4, 1, 1, 1, 1, random.integers(0, 4, 4) / 4
        ),
        neuron(4, 12, 12),
        nir.SumPool2d(np.array([3, 3]), np.array([3, 3]), np.array([0, 0])),
        nir.Conv2d((4, 4), random.integers(-5, 6, (6, 4, 4, 4)) / 8, 1, 0, 1, 1, np.zeros(6)),
        neuron(6, 1, 1),
        nir.Output({"output": np.array((6, 1, 1))}),
    )
    nir.write(tmp_path / "net.nir", graph)
    given = frames()
    network = read_nir(tmp_path / "net.nir", frame=FRAME, dt=0.001)
    ours = run(network, given)[network.layers[-1].name]
    theirs = norse.from_nir(nir.read(tmp_path / "net.nir"), dt=0.001)
    for sample, expected in zip(given, ours, strict=True):
        state = None
        for t in range(TIMESTEPS):
            x = torch.tensor(sample[t][None]).float()
            with torch.no_grad():
                out, state = theirs(x) if state is None else theirs(x, state)
            np.testing.assert_array_equal(out.numpy()[0], expected[t])
    assert 0.05 < ours.mean() < 0.95


def test_a_file_that_norse_has_written(tmp_path: Path) -> None:
    """Norse writes tau times its own step of 1e-3, so that a step of the file is 1e-6."""
    norse = pytest.importorskip("norse.torch")
    lif_box = pytest.importorskip("norse.torch.module.lif_box")
    torch.manual_seed(0)

    def cell(neurons: int) -> torch.nn.Module:
        rate, threshold = torch.full((neurons,), 500.0), torch.full((neurons,), 0.25)
        rest = torch.zeros(neurons)
        return lif_box.LIFBoxCell(lif_box.LIFBoxParameters(tau_mem_inv=rate, v_th=threshold, v_leak=rest))

    layers = torch.nn.Linear(288, 16), cell(16), torch.nn.Linear(16, 6), cell(6)
    trained = norse.SequentialState(*layers)
    with torch.no_grad():
        for layer in layers[::2]:
            layer.weight.copy_(torch.randint(-5, 6, layer.weight.shape) / 16)
            layer.bias.copy_(torch.randint(0, 6, layer.bias.shape) / 16)
    nir.write(tmp_path / "net.nir", norse.to_nir(trained, torch.zeros(1, 288)))
    given, state = frames(), None
    network = read_nir(tmp_path / "net.nir", frame=FRAME, dt=1e-6)
    *_, ours = neurons(network, given)
    for t in range(TIMESTEPS):
        with torch.no_grad():
            out, state = trained(torch.tensor(given[:, t]).float().flatten(1), state)
        np.testing.assert_array_equal(out.numpy(), ours[:, t, :, 0, 0])
    assert 0.05 < ours.mean() < 0.95
    with pytest.raises(UserError, match=r"shorter than a timestep of 0\.0001 s; give .* 1e-6 of Norse"):
        read_nir(tmp_path / "net.nir", frame=FRAME)


def _synaptic(alpha: float, beta: float, **options: Any) -> torch.nn.Sequential:
    """Neurons with a synaptic current."""
    torch.manual_seed(1)

    def neuron(*shape: int) -> snntorch.Synaptic:
        return snntorch.Synaptic(
            alpha=torch.full(shape, alpha),
            beta=torch.full(shape, beta),
            threshold=torch.ones(shape),
            init_hidden=True,
            reset_mechanism="zero",
            **{"reset_delay": False} | options,
        )

    conv, dense = torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.Linear(576, 6)
    with torch.no_grad():
        for layer in (conv, dense):
            layer.weight.copy_(torch.randint(-5, 6, layer.weight.shape) / 16)
            layer.bias.copy_(torch.randint(-3, 4, layer.bias.shape) / 16)
    return torch.nn.Sequential(conv, neuron(4, 12, 12), torch.nn.Flatten(), dense, neuron(6))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (0.75, 0.5), (0.5, 0.75)])
def test_a_synaptic_current_is_the_hardwares_filter(alpha: float, beta: float, tmp_path: Path) -> None:
    trained = _synaptic(alpha, beta)
    file = write(trained, tmp_path / "net.nir")
    given = frames()
    theirs, _ = spikes(trained, given)
    real = read_nir(file, frame=FRAME)
    for ours, expected in zip(neurons(real, given), theirs, strict=True):
        np.testing.assert_array_equal(ours.reshape(expected.shape), expected)
        assert 0.02 < expected.mean() < 0.98
    result = quantise(real, given, weight_bits=4, fraction=12, maximum=3)
    assert set(result.spikes.values()) == {0}
    filters = [layer.filter_shift for layer in result.network.layers if isinstance(layer, Neuron)]
    assert filters == [{0.5: 1, 0.75: 2}[alpha]] * 2
    with pytest.raises(UserError, match="loses its new current with a late reset"):
        read_nir(file, frame=FRAME, late=True)


def test_a_current_that_decays_otherwise_is_refused(tmp_path: Path) -> None:
    real = read_nir(write(_synaptic(0.6, 0.5), tmp_path / "net.nir"), frame=FRAME)
    with pytest.raises(UserError, match=r"neuron '1': its synaptic current decays by 0\.6 .* 0\.5"):
        quantise(real, frames(), weight_bits=4, fraction=4, maximum=3)


def test_integers_on_the_grid_lose_nothing(tmp_path: Path) -> None:
    """Weights of four bits on a grid, a leak of a half, F large enough: every spike stays."""
    trained = snntorch_network(3)
    given = frames()
    real = read_nir(write(trained, tmp_path / "net.nir"), frame=FRAME)
    result = quantise(real, given, weight_bits=4, fraction=12, maximum=3)
    values = run(real, given)
    for layer in result.network.layers:
        if isinstance(layer, Conv | Dense):
            assert layer.weight_bits == 4
    assert set(result.spikes.values()) == {0}
    assert result.agreement == 1
    assert result.leaks == {}
    trace = run_golden(result.network, given)
    for real_layer, layer in zip(
        [each for each in real.layers if isinstance(each, FloatNeuron)],
        [each for each in result.network.layers if isinstance(each, Neuron)],
        strict=True,
    ):
        np.testing.assert_array_equal(trace[layer.name], values[real_layer.name])
    file = tmp_path / "net.onnx"
    file.write_bytes(to_qonnx(result.network).SerializeToString())
    np.testing.assert_array_equal(run_golden(load(file), given).logits, trace.logits)


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_eight_bits_keep_nearly_all_spikes_of_any_network(reset: Any, tmp_path: Path) -> None:
    trained = snntorch_network(5, grid=None, beta=0.9, reset_mechanism=reset)
    with torch.no_grad():
        for layer in trained:
            if hasattr(layer, "weight"):
                layer.weight.mul_(4)
    real = read_nir(write(trained, tmp_path / "net.nir"), frame=FRAME, reset=reset)
    fine = quantise(real, frames(30), weight_bits=8, fraction=6, maximum=3)
    coarse = quantise(real, frames(30), weight_bits=3, fraction=6, maximum=3)
    assert set(fine.leaks) == {"1", "4", "7"}
    given, taken = fine.leaks["1"]
    assert given == pytest.approx(0.9)
    assert taken == 230 / 256
    assert max(fine.spikes.values()) < 0.03
    assert max(fine.spikes.values()) < max(coarse.spikes.values())


def test_calibration_spends_the_weights_range_where_the_data_is() -> None:
    """One huge weight on an input that never occurs does not make the others coarse."""
    weight = np.array([[0.1, -0.23, 0.31, 9.0], [0.2, 0.1, -0.3, 0.05]])
    layers = (FloatSynapses("fc", weight, np.zeros(2)), FloatNeuron("lif", 0.5, np.full(2, 0.4)))
    network = FloatNetwork("n", (4, 1, 1), (*layers, FloatSynapses("out", np.eye(2), np.zeros(2))))
    given = np.random.default_rng(0).integers(0, 4, (50, 3, 4, 1, 1))
    given[:, :, 3] = 0
    unused = quantise(network, given, weight_bits=4, fraction=6, maximum=3)
    given[:, :, 3] = 3
    used = quantise(network, given, weight_bits=4, fraction=6, maximum=3)
    (seen, blind) = (each.network.layers[0].weight[0].tolist() for each in (unused, used))  # type: ignore[union-attr]
    assert max(map(abs, seen[:3])) > max(map(abs, blind[:3]))
    assert blind[:3] == [0, 0, 0]


def test_neurons_at_the_end_are_counted(tmp_path: Path) -> None:
    trained = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(288, 6), leaky(6))
    with torch.no_grad():
        trained[1].weight.copy_(torch.randint(-5, 6, (6, 288)) / 16)
    given = frames(30)
    real = read_nir(write(trained, tmp_path / "net.nir"), frame=FRAME)
    result = quantise(real, given, weight_bits=4, fraction=8, maximum=3, classes=tuple("abcdef"))
    (theirs,), _ = spikes(trained, given)
    trace = run_golden(result.network, given)
    np.testing.assert_array_equal(trace.logits, theirs.sum(axis=1).astype(int) << 8)
    assert result.agreement == 1


def _graph(*nodes: nir.NIRNode, size: tuple[int, ...] = (2, 4, 4)) -> nir.NIRGraph:
    shape = {"input": np.array(size)}
    return nir.NIRGraph.from_list(
        nir.Input(shape), *nodes, nir.Output({"output": np.array([3])}), type_check=False
    )


def _conv(**changes: Any) -> nir.Conv2d:
    options = {"stride": 1, "padding": 1, "dilation": 1, "groups": 1} | changes
    return nir.Conv2d((4, 4), np.ones((3, 2, 3, 3)), **options, bias=np.zeros(3))


def _lif(shape: tuple[int, ...] = (3, 4, 4), **changes: Any) -> nir.LIF:
    ones = np.ones(shape)
    values = {"tau": 2e-4 * ones, "r": 2 * ones, "v_leak": 0 * ones, "v_threshold": ones, "v_reset": 0 * ones}
    return nir.LIF(**values | {name: change(ones) for name, change in changes.items()})


def _varied(ones: NDArray[np.float64]) -> NDArray[np.float64]:
    varied = ones.copy()
    varied[0, 1, 1] = 3
    return varied


_TWO = np.array([2, 2])
_TEN = nir.Affine(np.ones((3, 48)), np.zeros(3))
_FLATTEN = nir.Flatten({"input": np.array((3, 4, 4))}, 0, -1)

REFUSED: dict[str, tuple[Callable[[], list[nir.NIRNode]], str]] = {
    "another node": (
        lambda: [_conv(), nir.CubaLI(*[np.ones((3, 4, 4))] * 4)],
        "CubaLI is not supported",
    ),
    "a delay": (lambda: [_conv(), nir.Delay(np.ones((3, 4, 4)))], "Delay is not supported"),
    "synapses behind synapses": (lambda: [_conv(), _conv()], "follows the synapses 'conv2d'"),
    "pooled currents": (
        lambda: [_conv(), nir.AvgPool2d(_TWO, _TWO, 0 * _TWO), _lif()],
        "put a neuron between",
    ),
    "neurons behind neurons": (lambda: [_conv(), _lif(), _lif()], "needs a convolution or dense layer right"),
    "a threshold that varies": (lambda: [_conv(), _lif(v_threshold=_varied)], "v_threshold varies within"),
    "a tau that varies": (lambda: [_conv(), _lif(tau=lambda o: 2e-4 * _channels(o))], "different tau"),
    "a negative threshold": (
        lambda: [_conv(), _lif(v_threshold=lambda o: -o)],
        "threshold that is not pos",
    ),
    "another reset value": (lambda: [_conv(), _lif(v_reset=lambda o: 0.1 * o)], "make v_reset 0"),
    "a short tau": (
        lambda: [_conv(), _lif(tau=lambda o: 1e-5 * o)],
        "shorter than a timestep of 0.0001 s",
    ),
    "a dilation": (lambda: [_conv(dilation=2), _lif()], "is dilated"),
    "an oblong stride": (lambda: [_conv(stride=(1, 2)), _lif()], "stride differs between rows and columns"),
    "overlapping pools": (lambda: [nir.SumPool2d(_TWO, 0 * _TWO + 1, 0 * _TWO), _conv(), _lif()], "overlap"),
    "another size": (lambda: [nir.Affine(np.ones((3, 31)), np.zeros(3))], "do not fit inputs of shape"),
    "the end behind a pool": (
        lambda: [_conv(), _lif(), nir.AvgPool2d(2 * _TWO, 2 * _TWO, 0 * _TWO)],
        "must end in synapses",
    ),
}


def _channels(ones: NDArray[np.float64]) -> NDArray[np.float64]:
    return ones * np.arange(1, 4).reshape(3, 1, 1)


@pytest.mark.parametrize(("nodes", "words"), REFUSED.values(), ids=REFUSED)
def test_what_the_hardware_cannot_do_is_refused_in_one_sentence(
    nodes: Callable[[], list[nir.NIRNode]], words: str, tmp_path: Path
) -> None:
    nir.write(tmp_path / "net.nir", _graph(*nodes()))
    with pytest.raises(UserError, match=words) as raised:
        read_nir(tmp_path / "net.nir", frame=(2, 4, 4))
    assert str(raised.value).startswith(f"{tmp_path / 'net.nir'}: node '")
    assert "\n" not in str(raised.value)


def test_forks_joins_and_loops_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "net.nir"
    graph = _graph(_conv(), _lif(), _FLATTEN, _TEN)
    for extra, words in (
        (("lif", "affine"), "node 'lif': feeds two nodes"),
        (("output", "conv2d"), "several inputs or joins"),
    ):
        nir.write(file, nir.NIRGraph(graph.nodes, [*graph.edges, extra], type_check=False))
        with pytest.raises(UserError, match=words):
            read_nir(file, frame=(2, 4, 4))
    nir.write(file, nir.NIRGraph(graph.nodes, graph.edges[:-1], type_check=False))
    with pytest.raises(UserError, match="no chain from an input to an output"):
        read_nir(file, frame=(2, 4, 4))


def test_another_sensor_is_named(tmp_path: Path) -> None:
    nir.write(tmp_path / "net.nir", _graph(_conv(), _lif(), _FLATTEN, _TEN))
    read_nir(tmp_path / "net.nir", frame=(2, 4, 4))
    with pytest.raises(UserError, match=r"'input': has the shape \(2, 4, 4\), but here come \(2, 8, 8\)"):
        read_nir(tmp_path / "net.nir", frame=(2, 8, 8))


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(200), b"cnothing\n."])
def test_a_file_that_is_none_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.nir").write_bytes(content)
    with pytest.raises(UserError, match=r"net\.nir: is no NIR file"):
        read_nir(tmp_path / "net.nir", frame=(2, 4, 4))
    with pytest.raises(UserError, match=r"gone\.nir: no such file"):
        read_nir(tmp_path / "gone.nir", frame=(2, 4, 4))


def test_pools_and_quantisation_of_silent_channels() -> None:
    """A channel without weights runs on its bias; one that never fires gets a threshold it cannot reach."""
    weight = np.zeros((3, 8))
    weight[0] = 0.25
    weight[2] = 1e-3
    layers = (
        FloatPool("pool", "mean", 2),
        FloatSynapses("fc", weight, np.array([0.0, 0.6, 0.0])),
        FloatNeuron("lif", 1.0, np.array([1.0, 1.0, 1e9])),
        FloatSynapses("out", np.eye(3), np.zeros(3)),
    )
    network = FloatNetwork("n", (2, 4, 4), layers)
    given = np.random.default_rng(0).integers(0, 4, (20, 5, 2, 4, 4))
    result = quantise(network, given, weight_bits=4, fraction=6, maximum=3)
    assert max(result.spikes.values()) < 0.02
    lif = next(layer for layer in result.network.layers if isinstance(layer, Neuron))
    trace = run_golden(result.network, given)
    assert trace["lif"][:, :, 1].any()
    assert not trace["lif"][:, :, 2].any()
    assert lif.theta[2] < 1 << 20


def test_quantisation_needs_samples() -> None:
    network = FloatNetwork("n", (1, 1, 1), (FloatSynapses("fc", np.ones((2, 1)), np.zeros(2)),))
    with pytest.raises(UserError, match="at least one sample"):
        quantise(network, np.zeros((0, 1, 1, 1, 1), int), weight_bits=4, fraction=4, maximum=1)
