"""The ways to build each layer of a network, with their cycles and costs: what the search chooses from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Join,
    Layer,
    Neuron,
    Pool,
    Readout,
)
from ssnn_fpga.plan import modules
from ssnn_fpga.plan.folds import divisors
from ssnn_fpga.plan.graph import Graph
from ssnn_fpga.plan.resources import Resources
from ssnn_fpga.plan.search import Cost, Element, Option

Overrides = Mapping[str, Mapping[str, int]]
_Format = tuple[int, ...]


def elements(graph: Graph, overrides: Overrides, neuron_timesteps: int | None = None) -> list[Element]:
    """One element a layer, and one for the network's input. Raises UserError for impossible ``overrides``.

    ``neuron_timesteps``: most timesteps that a neuron takes a cycle where ``overrides`` do not say,
    unless it takes all of them, each in a pipeline stage of its own.
    """
    source = graph.activation(NETWORK_INPUT)
    # All channels of a pixel come in one token.
    entry = Option(((source.channels,),), source.height * source.width, Resources().limited)
    found = [Element(NETWORK_INPUT, (NETWORK_INPUT,), (entry,))]
    formats: dict[str, list[_Format]] = {NETWORK_INPUT: [(source.channels,)]}
    for layer in graph.network.layers:
        if isinstance(layer, EarlyExit):
            continue
        wires = graph.wires_of(layer)
        if isinstance(layer, Join):
            found += _join(graph, layer, formats)
            continue
        sources = formats[wires[0]]
        lead = 0.0  # of neurons, transformers and joins: a token
        if isinstance(layer, Conv | Dense):
            options = _synapses(graph, layer, sources, overrides.get(layer.name, {}))
            lead = _lead(graph, layer, sources[0], options[0])
        elif isinstance(layer, Neuron):
            tl = next(
                (overrides[n]["tl"] for n in graph.sources_of(layer) if "tl" in overrides.get(n, {})), None
            )
            options = _neuron(graph, layer, sources, tl, neuron_timesteps)
        elif isinstance(layer, CurrentJoin):
            options = [_currents(graph, layer, form) for form in sources]
        else:
            options = [_option(graph, layer, form, 1, (form,)) for form in sources]
        if isinstance(layer, Pool | Readout):
            lead = graph.follower(layer, 1, graph.feed(layer.inputs[0], sources[0])).lead
        found.append(Element(layer.name, wires, tuple(options), layer.inputs, lead))
        possible = {option.formats[-1] for option in options}
        formats[wires[-1]] = sorted(possible.intersection(formats.get(wires[-1], possible)))
    return found


def _synapses(
    graph: Graph, layer: Conv | Dense, sources: list[_Format], override: Mapping[str, int]
) -> list[Option]:
    edge, out, space = graph.activation(layer.inputs[0]), graph.accumulator(layer.name), graph.space(layer)
    activity = graph.activity.get(layer.name)
    folds = list(dict.fromkeys(replace(fold, tl=1) for fold in space.folds(override)))
    if activity is not None and not override.get("scatter"):
        # How much there is to scatter is known only where it was measured.
        folds = list(dict.fromkeys([*folds, *(replace(fold, tl=1) for fold in space.scatters(override))]))
    costs = {fold: modules.synapse_cost(layer, edge, out, fold) for fold in folds}
    if graph.port_bits and "streamed" not in override:
        # Words that fit LUTs are not worth the port's time.
        outside = [replace(fold, streamed=graph.port_bits) for fold in folds if costs[fold].block_rams]
        costs |= {fold: modules.synapse_cost(layer, edge, out, fold) for fold in outside}
    own = {fold: cost.limited for fold, cost in costs.items()}
    options = []
    for form in sources:
        stream = modules.activation_stream(edge, *form)
        readers: dict[tuple[int, ...], Cost] = {}
        for fold in own:
            own_pe = fold.pe if space.depthwise or fold.scatter else 1
            reader = (fold.simd, fold.tp, fold.taps, fold.scatter, own_pe)
            if reader not in readers:
                readers[reader] = modules.reader_cost(layer, edge, out, fold, stream).limited
            pairs = zip(own[fold], readers[reader], strict=True)
            cycles = modules.synapse_cycles(layer, edge, out, fold, stream.group, activity)
            behind = (fold.pe, space.resident(fold.tp))
            shared = modules.port_cycles(layer, edge, out, fold)
            options.append(Option((form, behind), cycles, tuple(a + b for a, b in pairs), fold, shared))
    return options


def _lead(graph: Graph, layer: Conv | Dense, form: _Format, option: Option) -> float:
    edge, out = graph.activation(layer.inputs[0]), graph.accumulator(layer.name)
    feed = graph.feed(layer.inputs[0], form)
    return modules.synapse_stages(layer, edge, out, option.choice, feed)[-1].lead


def _neuron(
    graph: Graph, layer: Neuron, sources: list[_Format], tl: int | None, most: int | None
) -> list[Option]:
    every = graph.activation(layer.name).timesteps
    return [
        _option(graph, layer, (pe, resident), steps, ((pe, resident), (pe,)))
        for pe, resident in sources
        for steps in divisors(resident)
        if (steps == tl if tl is not None else most is None or steps <= most or steps == every)
    ]


def _join(graph: Graph, layer: Join, formats: dict[str, list[_Format]]) -> list[Element]:
    """The sum, and for each input the way to the sum's group; ``formats`` learns those of the sum."""
    behind = graph.wire_of[layer.name]
    before = [graph.wire_of[name] for name in layer.inputs]
    formats[behind] = sorted({form for wire in before for form in formats[wire]})
    found = []
    for place, wire in enumerate(before):
        options = []
        for form in formats[wire]:
            for out in formats[behind]:
                path = graph.join_path(layer, place, form, out)
                cycles = max((stage.cycles for stage in path), default=0)
                cost = sum((stage.resources for stage in path), Resources()).limited
                options.append(Option((form, out), cycles, cost))
        name, source = f"{layer.name}_{place}", layer.inputs[place]
        found.append(Element(name, (wire, behind), tuple(options), (source,)))
    options = []
    for out in formats[behind]:
        feeds = [graph.feed(name, out) for name in layer.inputs]
        stage = graph.join(layer, feeds, out)
        options.append(Option((out,), stage.cycles, stage.resources.limited))
    return [*found, Element(layer.name, (behind,), tuple(options), tuple(element.name for element in found))]


def _currents(graph: Graph, layer: CurrentJoin, form: _Format) -> Option:
    """The sum of two currents in one format, and what they wait in."""
    stages = [stage for place in (0, 1) for stage in graph.join_path(layer, place, form, form)]
    stages.append(graph.join(layer, [graph.feed(name, form) for name in layer.inputs], form))
    cost = sum((stage.resources for stage in stages), Resources()).limited
    return Option((form,), max(stage.cycles for stage in stages), cost)


def _option(graph: Graph, layer: Layer, form: _Format, tl: int, formats: tuple[_Format, ...]) -> Option:
    stage = graph.follower(layer, tl, graph.feed(layer.inputs[0], form))
    return Option(formats, stage.cycles, stage.resources.limited, tl)
