"""A network as the planner sees it: who reads which edge, and which edges share a format.

The format of a stream is what folds leave open: the channels of an activation token, or the
(PE, NT) of an accumulator token. A pool or a transformer keeps the format of its input, so the
edges before and behind it are one *wire* to the solver; a synapse layer may change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Edge,
    Join,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ranges import NeuronRange, Ranges, ReadoutRange, analyse
from ssnn_fpga.network.shapes import edges, output_of
from ssnn_fpga.plan import modules
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.folds import Fold, FoldSpace, fold_space
from ssnn_fpga.plan.plan import INPUT, Feed, Stage

Formats = Mapping[str, tuple[int, ...]]
"""Format by wire: (group,) of activations, (PE, NT) of accumulators."""


@dataclass(frozen=True)
class Graph:
    """A network with what is needed to make stages of it."""

    network: Network
    edge_of: dict[str, Edge]
    ranges: Ranges
    wire_of: dict[str, str]
    """Wire by edge."""
    activity: Mapping[str, Activity]
    """By convolution; one that is not in it is planned for its worst case."""

    @property
    def synapses(self) -> list[Conv | Dense]:
        """The layers that have folds."""
        return [layer for layer in self.network.layers if isinstance(layer, Conv | Dense)]

    def wires_of(self, layer: Layer) -> tuple[str, ...]:
        """The wires whose formats the ways to build a layer tie together."""
        before, behind = self.wire_of[layer.inputs[0]], self.wire_of[layer.name]
        return (before,) if behind == before or isinstance(layer, Readout) else (before, behind)

    def activation(self, name: str) -> Activation:
        """The activation edge ``name``."""
        edge = self.edge_of[name]
        assert isinstance(edge, Activation)
        return edge

    def accumulator(self, name: str) -> Accumulator:
        """The accumulator edge ``name``."""
        edge = self.edge_of[name]
        assert isinstance(edge, Accumulator)
        return edge

    def space(self, layer: Conv | Dense) -> FoldSpace:
        """The folds of a synapse layer."""
        return fold_space(layer, self.activation(layer.inputs[0]))

    def source_of(self, layer: Layer) -> Conv | Dense:
        """The synapse layer whose accumulators a neuron or read-out takes."""
        source = self.network.layer(layer.inputs[0])
        assert isinstance(source, Conv | Dense)  # edges() has seen to it
        return source

    def follower(self, layer: Layer, tl: int, feed: Feed) -> Stage:
        """The stage of a layer without folds that reads ``feed``."""
        widths: NeuronRange | ReadoutRange | None = None
        if isinstance(layer, Neuron):
            widths = self.ranges.neurons[layer.name]
        elif isinstance(layer, Readout):
            widths = self.ranges.readouts[layer.name]
        edge = self.edge_of[layer.name]
        return modules.follower(layer, edge if isinstance(edge, Activation) else None, widths, tl, feed)

    def feed(self, name: str, form: tuple[int, ...]) -> Feed:
        """The stream of an edge in format ``form``, as a stage that reads it sees it."""
        edge = self.edge_of[name]
        if isinstance(edge, Accumulator):
            return Feed(name, modules.accumulator_stream(edge, *form))
        assert isinstance(edge, Activation)
        return Feed(INPUT if name == NETWORK_INPUT else name, modules.activation_stream(edge, *form))

    def stages(self, formats: Formats, folds: Mapping[str, Fold], tls: Mapping[str, int]) -> Iterator[Stage]:
        """The stages of a design: ``formats`` by wire, ``folds`` by synapse layer, ``tls`` by neuron."""
        for layer in self.network.layers:
            feed = self.feed(layer.inputs[0], formats[self.wire_of[layer.inputs[0]]])
            if isinstance(layer, Conv | Dense):
                edge, out = self.activation(layer.inputs[0]), self.accumulator(layer.name)
                yield from modules.synapse_stages(
                    layer, edge, out, folds[layer.name], feed, self.activity.get(layer.name)
                )
            else:
                yield self.follower(layer, tls.get(layer.name, 1), feed)


def graph_of(network: Network, activity: Mapping[str, Activity] | None = None) -> Graph:
    """The network's graph. Raises UserError for one that cannot be planned."""
    edge_of = edges(network)
    _check_plannable(network)
    previous = NETWORK_INPUT
    for layer in network.layers:
        if layer.inputs != (previous,):
            raise UserError(
                f"layer {layer.name} reads {', '.join(layer.inputs)}, but hardware is planned for a chain "
                f"only: let it read {previous}"
            )
        previous = layer.name
    output_of(network)
    wire_of = {NETWORK_INPUT: NETWORK_INPUT}
    for layer in network.layers:
        keeps = isinstance(layer, Pool | TemporalTransform)
        wire_of[layer.name] = wire_of[layer.inputs[0]] if keeps else layer.name
    return Graph(network, edge_of, analyse(network), wire_of, activity or {})


def _check_plannable(network: Network) -> None:
    """Refuse the layers that golden knows and the hardware does not know yet."""
    for layer in network.layers:
        if isinstance(layer, Join | CurrentJoin | EarlyExit):
            fault = f"a layer of kind {type(layer).__name__}"
        elif isinstance(layer, Conv) and layer.groups != 1:
            fault = f"a convolution of {layer.groups} groups"
        elif isinstance(layer, Conv | Dense) and layer.weight_bits == 1:
            fault = "weights of 1 bit"
        elif isinstance(layer, Neuron) and layer.filter_shift:
            fault = "a synaptic current filter"
        else:
            continue
        raise UserError(f"layer {layer.name}: {fault} cannot be planned as hardware yet; use another")
