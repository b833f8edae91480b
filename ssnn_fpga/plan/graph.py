"""A network as the planner sees it: who reads which edge, and which edges share a format.

The format of a stream is what folds leave open: the channels of an activation token, or the
(PE, NT) of an accumulator token. A pool or a transformer keeps the format of its input, so the
edges before and behind it are one *wire* to the solver; a synapse layer may change it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.capacity import capacity
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
    Logits,
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
from ssnn_fpga.plan.lag import fifo_pixels
from ssnn_fpga.plan.options import with_options
from ssnn_fpga.plan.plan import INPUT, Feed, Options, Stage
from ssnn_fpga.plan.streams import ActivationStream, LogitStream

_Form = tuple[int, ...]
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
    readers: Mapping[str, int]
    """How many layers read an edge."""
    fifos: Mapping[str, list[int]]
    """By join, the pixels that the FIFO at each of its inputs holds."""
    activity: Mapping[str, Activity]
    """By convolution; one that is not in it is planned for its worst case."""
    options: Options
    port_bits: int = 0
    """Width of the memory port over which weights may come; 0: they have to lie on the chip."""

    @property
    def synapses(self) -> list[Conv | Dense]:
        """The layers that have folds."""
        return [layer for layer in self.network.layers if isinstance(layer, Conv | Dense)]

    def wires_of(self, layer: Layer) -> tuple[str, ...]:
        """The wires whose formats the ways to build a layer tie together."""
        before, behind = self.wire_of[layer.inputs[0]], self.wire_of[layer.name]
        if isinstance(layer, Join):
            return (behind,)
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

    def sources_of(self, layer: Layer) -> list[str]:
        """The synapse layers whose accumulators a neuron or read-out takes."""
        source = self.network.layer(layer.inputs[0])
        return list(source.inputs) if isinstance(source, CurrentJoin) else [source.name]

    def logit_bits(self, name: str) -> int:
        """Bits of a logit that leaves a read-out or an early exit."""
        layer = self.network.layer(name)
        if isinstance(layer, EarlyExit):
            return max(self.logit_bits(source) for source in layer.inputs)
        return self.ranges.readouts[name].logit_bits

    def follower(self, layer: Layer, tl: int, feed: Feed) -> Stage:
        """The stage of a layer without folds that reads ``feed``."""
        widths: NeuronRange | ReadoutRange | None = None
        if isinstance(layer, Neuron):
            widths = self.ranges.neurons[layer.name]
        elif isinstance(layer, Readout):
            widths = self.ranges.readouts[layer.name]
        edge = self.edge_of[layer.name]
        return modules.follower(layer, edge if isinstance(edge, Activation) else None, widths, tl, feed)

    def feed(self, name: str, form: _Form) -> Feed:
        """The stream of an edge in format ``form``, as a stage that reads it sees it."""
        edge = self.edge_of[name]
        if isinstance(edge, Logits):
            readout = self.ranges.readouts.get(name)
            return Feed(
                name, LogitStream(edge.channels, edge.bits if readout is None else readout.logit_bits)
            )
        if isinstance(edge, Accumulator):
            return Feed(name, modules.accumulator_stream(edge, *form))
        assert isinstance(edge, Activation)
        stream = modules.activation_stream(edge, *form)
        if name != NETWORK_INPUT:
            return Feed(name, stream)
        return modules.leaving(modules.gate(stream)) if self.options.loadable else Feed(INPUT, stream)

    def join_path(
        self, layer: Join | CurrentJoin, place: int, form: _Form, out: _Form, name: str = ""
    ) -> list[Stage]:
        """What one input of a join passes: gearboxes to the group of activations, and the FIFO."""
        feed = self.feed(layer.inputs[place], form)
        feed = Feed(name or feed.name, feed.stream)
        spikes = isinstance(layer, Join)
        path = modules.gearboxes(f"{layer.name}_{place}", feed, out[0]) if spikes else []
        pixels = self.fifos[layer.name][place]
        if pixels:
            before = modules.leaving(path[-1]) if path else feed
            stream = before.stream
            assert not isinstance(stream, LogitStream)
            # The bound keeps the paths from stopping. A row more keeps the pace: the longer path's next
            # row comes in while it works on the present one.
            row = stream.width if pixels > 1 else 0
            depth = (pixels + row) * (stream.tokens // (stream.height * stream.width))
            path.append(modules.fifo(f"{layer.name}_{place}_fifo", before, depth))
        return path

    def join(self, layer: Join | CurrentJoin, feeds: Sequence[Feed], form: _Form) -> Stage:
        """The sum of a join's inputs in format ``form``."""
        if isinstance(layer, CurrentJoin):
            bits = self.ranges.gain_bits[layer.name]
            return modules.current_join(layer, self.accumulator(layer.name), bits, feeds)
        return modules.join_stage(layer, self.activation(layer.name), feeds, form[0])

    def stages(self, formats: Formats, folds: Mapping[str, Fold], tls: Mapping[str, int]) -> Iterator[Stage]:
        """The stages of a design: ``formats`` by wire, ``folds`` by synapse layer, ``tls`` by neuron."""
        for stage in self._stages(formats, folds, tls):
            yield with_options(stage, self.options)

    def _stages(self, formats: Formats, folds: Mapping[str, Fold], tls: Mapping[str, int]) -> Iterator[Stage]:
        copies: Counter[str] = Counter()

        def feed_of(name: str) -> Feed:
            feed = self.feed(name, formats.get(self.wire_of[name], ()))
            if self.readers[name] < 2:
                return feed
            copies[name] += 1
            return Feed(f"{feed.name}_fork[{copies[name] - 1}]", feed.stream)

        given = self.feed(NETWORK_INPUT, formats[NETWORK_INPUT])
        if self.options.loadable:
            assert isinstance(given.stream, ActivationStream)
            yield modules.gate(given.stream)
        if self.readers[NETWORK_INPUT] > 1:
            yield modules.fork(given, self.readers[NETWORK_INPUT])
        for layer in self.network.layers:
            feeds = [feed_of(name) for name in layer.inputs]
            if isinstance(layer, Conv | Dense):
                edge, out = self.activation(layer.inputs[0]), self.accumulator(layer.name)
                activity = self.activity.get(layer.name)
                yield from modules.synapse_stages(layer, edge, out, folds[layer.name], feeds[0], activity)
            elif isinstance(layer, Join | CurrentJoin):
                form = formats[self.wire_of[layer.name]]
                ends = []
                for place, feed in enumerate(feeds):
                    before = formats[self.wire_of[layer.inputs[place]]]
                    path = self.join_path(layer, place, before, form, feed.name)
                    yield from path
                    ends.append(modules.leaving(path[-1]) if path else feed)
                yield self.join(layer, ends, form)
            elif isinstance(layer, EarlyExit):
                # As many samples may wait as can be under way in the layers behind the early head.
                depth = 2 + len(self.synapses)
                waiting = modules.fifo(f"{layer.name}_early", feeds[0], depth)
                yield waiting
                yield modules.early_exit(layer, [modules.leaving(waiting), feeds[1]], depth)
            else:
                yield self.follower(layer, tls.get(layer.name, 1), feeds[0])
            if self.readers[layer.name] > 1:
                yield modules.fork(
                    self.feed(layer.name, formats[self.wire_of[layer.name]]), self.readers[layer.name]
                )


def graph_of(
    network: Network,
    activity: Mapping[str, Activity] | None = None,
    options: Options | None = None,
    port_bits: int = 0,
) -> Graph:
    """The network's graph. Raises UserError for one that cannot be planned."""
    options = options or Options()
    edge_of = edges(network)
    _check_plannable(network)
    edge_of, ranges = capacity(network) if options.loadable else (edge_of, analyse(network))
    output_of(network)
    readers = Counter(name for layer in network.layers for name in layer.inputs)
    for name, count in readers.items():
        if count > 1 and not isinstance(edge_of[name], Activation):
            raise UserError(f"layer {name} is read {count} times: only activations can be forked")
    check_nested(network)
    wire_of = {NETWORK_INPUT: NETWORK_INPUT}
    for layer in network.layers:
        keeps = isinstance(layer, Pool | TemporalTransform | CurrentJoin)
        wire_of[layer.name] = wire_of[layer.inputs[0]] if keeps else layer.name
        if isinstance(layer, CurrentJoin):
            wire_of[layer.inputs[1]] = wire_of[layer.inputs[0]]
    fifos = {
        layer.name: fifo_pixels(network, edge_of, layer)
        for layer in network.layers
        if isinstance(layer, Join | CurrentJoin)
    }
    return Graph(network, edge_of, ranges, wire_of, readers, fifos, activity or {}, options, port_bits)


def check_nested(network: Network) -> None:
    """Refuse forks and joins that are not nested: only for nested ones the FIFO depths are proven.

    Paths in series become one, and paths side by side become one, until a single path is left.
    """
    paths = [(source, layer.name) for layer in network.layers for source in layer.inputs]
    while True:
        paths = list(dict.fromkeys(paths))
        into, out = Counter(end for _, end in paths), Counter(start for start, _ in paths)
        middle = next((name for name in into if into[name] == out[name] == 1), None)
        if middle is None:
            break
        [(start, _)] = [path for path in paths if path[1] == middle]
        [(_, end)] = [path for path in paths if path[0] == middle]
        paths = [path for path in paths if middle not in path] + [(start, end)]
    if len(paths) > 1:
        ends = sorted({end for _, end in paths if Counter(e for _, e in paths)[end] > 1})
        raise UserError(
            f"the forks that end in {', '.join(ends)} are not nested in each other: let every join close "
            "the fork that was opened last"
        )


def _check_plannable(network: Network) -> None:
    """Refuse the layers that golden knows and the hardware does not know."""
    for layer in network.layers:
        if isinstance(layer, Conv) and 2 * layer.padding > layer.weight.shape[2]:
            raise UserError(
                f"layer {layer.name}: a padding of {layer.padding} is more than half its kernel of "
                f"{layer.weight.shape[2]}, which the hardware cannot read; use at most "
                f"{layer.weight.shape[2] // 2}"
            )
