"""The ways to build each layer of a network, with their cycles and costs: what the search chooses from."""

from __future__ import annotations

from collections.abc import Mapping

from ssnn_fpga.network.layers import NETWORK_INPUT, Conv, Dense, Layer, Neuron
from ssnn_fpga.plan import modules
from ssnn_fpga.plan.folds import Fold, divisors
from ssnn_fpga.plan.graph import Graph
from ssnn_fpga.plan.resources import Resources
from ssnn_fpga.plan.search import Cost, Element, Option

Overrides = Mapping[str, Mapping[str, int]]
_Format = tuple[int, ...]


def elements(graph: Graph, overrides: Overrides) -> list[Element]:
    """One element a layer, and one for the network's input. Raises UserError for impossible ``overrides``."""
    source = graph.activation(NETWORK_INPUT)
    # All channels of a pixel come in one token.
    entry = Option(((source.channels,),), source.height * source.width, Resources().limited)
    found = [Element(NETWORK_INPUT, (NETWORK_INPUT,), (entry,))]
    formats: dict[str, list[_Format]] = {NETWORK_INPUT: [(source.channels,)]}
    for layer in graph.network.layers:
        wires = graph.wires_of(layer)
        sources = formats[wires[0]]
        if isinstance(layer, Conv | Dense):
            options = _synapses(graph, layer, sources, overrides.get(layer.name, {}))
        elif isinstance(layer, Neuron):
            tl = overrides.get(graph.source_of(layer).name, {}).get("tl")
            options = _neuron(graph, layer, sources, tl)
        else:
            options = [_option(graph, layer, form, 1, (form,)) for form in sources]
        found.append(Element(layer.name, wires, tuple(options)))
        formats[wires[-1]] = sorted({option.formats[-1] for option in options})
    return found


def _synapses(
    graph: Graph, layer: Conv | Dense, sources: list[_Format], override: Mapping[str, int]
) -> list[Option]:
    edge, out, space = graph.activation(layer.inputs[0]), graph.accumulator(layer.name), graph.space(layer)
    folds = list(dict.fromkeys(Fold(f.pe, f.simd, f.tp, 1) for f in space.folds(override)))
    own = {fold: modules.synapse_cost(layer, edge, out, fold).limited for fold in folds}
    activity = graph.activity.get(layer.name)
    options = []
    for form in sources:
        stream = modules.activation_stream(edge, *form)
        readers: dict[tuple[int, int], Cost] = {}
        for fold in folds:
            if (fold.simd, fold.tp) not in readers:
                readers[fold.simd, fold.tp] = modules.reader_cost(layer, edge, fold, stream).limited
            pairs = zip(own[fold], readers[fold.simd, fold.tp], strict=True)
            cycles = modules.synapse_cycles(layer, edge, out, fold, stream.group, activity)
            behind = (fold.pe, space.resident(fold.tp))
            options.append(Option((form, behind), cycles, tuple(a + b for a, b in pairs), fold))
    return options


def _neuron(graph: Graph, layer: Neuron, sources: list[_Format], tl: int | None) -> list[Option]:
    return [
        _option(graph, layer, (pe, resident), steps, ((pe, resident), (pe,)))
        for pe, resident in sources
        for steps in divisors(resident)
        if tl in (None, steps)
    ]


def _option(graph: Graph, layer: Layer, form: _Format, tl: int, formats: tuple[_Format, ...]) -> Option:
    stage = graph.follower(layer, tl, graph.feed(layer.inputs[0], form))
    return Option(formats, stage.cycles, stage.resources.limited, tl)
