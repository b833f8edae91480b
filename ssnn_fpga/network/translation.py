"""Translates a cleaned QONNX graph, node by node, into the layers of an integer network.

Each tensor is described by what it stands for: a layer's integers times a scale. Scales never
reach the network: a Lif node states the scale it divides by, and that must be the very scale that
arrives, or the file does not mean what it seems to mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Edge,
    Integers,
    Join,
    Layer,
    Logits,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.names import LayerNames
from ssnn_fpga.network.onnx_graph import Array, Constant, Graph, Node
from ssnn_fpga.network.passes.quantise_weights import QUANT_DOMAINS, is_quant, quant_parameters
from ssnn_fpga.network.shapes import edge_after

OPERATORS_DOMAIN = "ssnn_fpga.network.ops"
_GRID_TOLERANCE = 1e-3  # of one integer step; float32 leaves less of any bias below 2**13
_SCALE_TOLERANCE = 1e-6  # relative; scales are float32
_ROUNDS_AWAY = 0.25  # of one integer step; what is nearer to an integer is rounded to it
_DEFAULT_FRACTION = 4


@dataclass(frozen=True)
class _Values:
    """A tensor of activations: the layer's integers times ``scale``."""

    layer: str
    scale: float
    flat: bool  # (T, C*H*W) instead of (T, C, H, W)


@dataclass(frozen=True)
class _Sums:
    """A tensor of accumulators: the layer's integers times ``scale`` (O,), plus ``bias`` (O,).

    Where the node ``join`` has added two such tensors, ``other`` is the second layer and its scale.
    """

    layer: str
    scale: Array
    bias: Array
    flat: bool
    join: Node | None = None
    other: tuple[str, Array] | None = None

    def times(self, factor: float) -> _Sums:
        """The same tensor multiplied by a positive number."""
        other = None if self.other is None else (self.other[0], self.other[1] * factor)
        return replace(self, scale=self.scale * factor, bias=self.bias * factor, other=other)


@dataclass(frozen=True)
class _Summed:
    """Accumulators summed over time by ``node``: sum_t(integers * scale + bias), all times ``gain``."""

    sums: _Sums
    gain: float
    node: Node


@dataclass(frozen=True)
class _Decided:
    """Logits that a layer gives: integers, of which the read-outs in it have a scale each."""

    layer: str


_Meaning = _Values | _Sums | _Summed | _Decided


class Translation:
    """One translation of one graph."""

    def __init__(self, graph: Graph, input_maximum: int | None) -> None:
        """``input_maximum``: largest input value where no Quant node states it."""
        self._graph = graph
        self._input_maximum = input_maximum
        self._names = LayerNames()
        self._layers: list[Layer] = []
        self._edges: dict[str, Edge] = {}
        self._meaning: dict[str, _Meaning] = {}
        self._handlers: dict[tuple[str, str], Callable[[Node], _Meaning]] = {
            ("", "Conv"): self._conv,
            ("", "Gemm"): self._dense,
            ("", "MaxPool"): self._max_pool,
            ("", "AveragePool"): self._average_pool,
            ("", "GlobalAveragePool"): self._global_average_pool,
            ("", "Mul"): self._scaling,
            ("", "Div"): self._scaling,
            ("", "Add"): self._addition,
            ("", "Sum"): self._addition,
            ("", "Flatten"): self._reshape,
            ("", "Reshape"): self._reshape,
            ("", "Squeeze"): self._reshape,
            ("", "Unsqueeze"): self._reshape,
            ("", "ReduceSum"): self._sum_over_time,
            ("", "ReduceMean"): self._sum_over_time,
            (OPERATORS_DOMAIN, "Lif"): self._lif,
            (OPERATORS_DOMAIN, "TemporalTransform"): self._transform,
            (OPERATORS_DOMAIN, "EarlyExit"): self._early_exit,
            **{(domain, name): self._quant for domain in QUANT_DOMAINS for name in ("Quant", "IntQuant")},
        }

    def run(self) -> tuple[Activation, tuple[Layer, ...]]:
        """The input edge and the layers. Raises UserError, naming the node at fault."""
        self._check_operators()
        given_input, scale = self._read_input()
        self._edges[NETWORK_INPUT] = given_input
        self._meaning[self._graph.input] = _Values(NETWORK_INPUT, scale, flat=False)
        for node in self._graph.nodes:
            self._meaning[node.output] = self._handlers[node.domain, node.operator](node)
        meaning = self._meaning.get(self._graph.output)
        if isinstance(meaning, _Summed):
            self._readout(meaning)
        elif not isinstance(meaning, _Decided):
            raise self._graph.nodes[-1].fault(
                "the graph ends without a read-out; end it with ReduceSum over axis 0 of a dense layer"
            )
        return given_input, tuple(self._layers)

    def _check_operators(self) -> None:
        for node in self._graph.nodes:
            if (node.domain, node.operator) not in self._handlers:
                names = sorted({name for _, name in self._handlers} | {"MatMul"})
                where = f" of domain {node.domain!r}" if node.domain else ""
                raise node.fault(f"this operator{where} is not supported; use only {', '.join(names)}")

    def _read_input(self) -> tuple[Activation, float]:
        """The input edge, its maximum from the Quant nodes that read it or from the compression."""
        graph = self._graph
        readers = graph.consumers(graph.input)
        if len(graph.input_shape) != 4:
            raise readers[0].fault(f"reads an input of shape {graph.input_shape}; export it as (T, C, H, W)")
        maximum, scale = self._input_maximum, 1.0
        if all(is_quant(reader) for reader in readers):
            scales, _, low, high = quant_parameters(graph, readers[0])
            if low < 0 or scales.size != 1:
                raise readers[0].fault("the input must be unsigned with one scale; quantise event counts")
            maximum, scale = high, float(scales.item())
        if maximum is None:
            raise readers[0].fault(
                "nothing states the input's range; put a Quant node of scale 1, unsigned, on the input"
            )
        return Activation(*graph.input_shape, maximum=maximum), scale

    # Looking up what arrives

    def _values(self, node: Node) -> tuple[_Values, Activation]:
        meaning = self._meaning.get(node.inputs[0])
        if not isinstance(meaning, _Values):
            raise node.fault("needs activations; put a Lif node between it and the synapses before it")
        edge = self._edges[meaning.layer]
        assert isinstance(edge, Activation)
        return meaning, edge

    def _sums(self, node: Node) -> tuple[_Sums, Accumulator]:
        meaning = self._meaning.get(node.inputs[0])
        if not isinstance(meaning, _Sums):
            raise node.fault("needs the output of a convolution or dense layer; put one before it")
        edge = self._edges[meaning.layer]
        assert isinstance(edge, Accumulator)
        return meaning, edge

    def _constant(self, node: Node, index: int, what: str) -> Array:
        constant = self._graph.constants.get(node.inputs[index]) if index < len(node.inputs) else None
        if constant is None:
            raise node.fault(f"its {what} is not constant; export the trained value as a constant")
        return constant.values if constant.scale is None else constant.values * constant.scale

    def _integers(self, node: Node, index: int, what: str) -> Integers:
        values = self._constant(node, index, what)
        if np.any(values != np.rint(values)):
            raise node.fault(f"its {what} holds fractions; export it on the integer grid")
        return values.astype(np.int64)

    def _add(self, layer: Layer) -> str:
        self._layers.append(layer)
        self._edges[layer.name] = edge_after(layer, [self._edges[source] for source in layer.inputs])
        return layer.name

    # Synapses

    def _conv(self, node: Node) -> _Meaning:
        x, _ = self._values(node)
        if x.flat:
            raise node.fault("convolves flattened values; put it before the Flatten")
        weight = self._graph.constants[node.inputs[1]]
        stride, padding = self._window(node, weight.values.shape[2:])
        groups = node.attributes.get("group", 1)
        bits = _narrow_bits(node, weight)
        name = self._names.new(node.name)
        self._add(Conv(name, (x.layer,), weight.values, bits, stride, padding, groups))
        return self._accumulators(node, weight, name, x)

    def _dense(self, node: Node) -> _Meaning:
        x, edge = self._values(node)
        if not x.flat:
            raise node.fault(f"multiplies unflattened values of shape {edge.shape}; put a Flatten before it")
        weight = self._graph.constants[node.inputs[1]]
        name = self._names.new(node.name)
        self._add(Dense(name, (x.layer,), weight.values, _narrow_bits(node, weight)))
        return self._accumulators(node, weight, name, x)

    def _accumulators(self, node: Node, weight: Constant, name: str, x: _Values) -> _Sums:
        channels = weight.values.shape[0]
        assert weight.scale is not None  # find_weight_grids has seen to it
        scales = weight.scale.reshape(channels, -1).astype(np.float64)
        if np.any(scales != scales[:, :1]):
            raise node.fault("its weight scale varies inside an output channel; use one scale a channel")
        bias = np.zeros(channels)
        if len(node.inputs) > 2 and node.inputs[2]:
            bias = bias + self._constant(node, 2, "bias")
        return _Sums(name, scales[:, 0] * x.scale, bias, flat=x.flat)

    def _window(self, node: Node, kernel: tuple[int, ...]) -> tuple[int, int]:
        """Stride and padding of a square window."""
        strides = node.attributes.get("strides", [1, 1])
        pads = node.attributes.get("pads", [0, 0, 0, 0])
        if node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID", ""):
            raise node.fault("pads automatically; export it with explicit pads")
        if any(step != 1 for step in node.attributes.get("dilations", [])):
            raise node.fault("is dilated; use dilation 1")
        if len(kernel) != 2 or len({*kernel}) != 1 or len({*strides}) != 1 or len({*pads}) != 1:
            raise node.fault(
                f"kernel {list(kernel)}, strides {strides} and pads {pads} are not square; make them so"
            )
        return strides[0], pads[0]

    # Neurons and transformers

    def _lif(self, node: Node) -> _Meaning:
        x, edge = self._sums(node)
        stated = self._constant(node, 1, "scale").astype(np.float64).reshape(-1)
        if stated.size not in (1, edge.channels) or not (stated > 0).all():
            raise node.fault(f"its scale must be positive, one value or {edge.channels}; export it again")
        attributes = node.attributes
        fraction = attributes.get("fraction", _DEFAULT_FRACTION)
        bias = self._integers(node, 3, "bias") + (self._whole_bias(node, x, stated) << fraction)
        theta = np.broadcast_to(self._integers(node, 2, "theta"), edge.channels)
        if x.other is None:
            self._check_scale(node, x, edge, stated)
            source = x.layer
        else:
            source, fraction = self._current_join(node, x, stated, fraction), 0
        name = self._names.new(node.name)
        self._add(
            Neuron(
                name,
                (source,),
                theta,
                np.broadcast_to(bias, edge.channels),
                leak_multiplier=attributes.get("leak_multiplier", 1),
                leak_shift=attributes.get("leak_shift", 1),
                levels=attributes.get("levels", 1),
                strict=bool(attributes.get("strict", 0)),
                reset="zero" if attributes.get("reset_to_zero", 0) else "subtract",
                fraction=fraction,
                filter_shift=attributes.get("filter_shift", 0),
            )
        )
        return _Values(name, 1.0, x.flat)

    def _check_scale(self, node: Node, x: _Sums, edge: Accumulator, stated: Array) -> None:
        """The scale that Lif divides by must give back the integers, all of them."""
        largest = max(-edge.minimum, edge.maximum, 1)
        wrong = np.abs(x.scale / stated - 1) * largest >= _ROUNDS_AWAY
        if wrong.any():
            channel = int(np.argmax(wrong))
            raise node.fault(
                f"divides channel {channel} by {np.broadcast_to(stated, wrong.shape)[channel]:g}, but layer "
                f"{x.layer!r} delivers the scale {x.scale[channel]:g}; export both from the same weights"
            )

    def _current_join(self, node: Node, x: _Sums, stated: Array, fraction: int) -> str:
        """The join of the two layers in ``x``, on the grid of ``stated`` / 2**fraction.

        One of them must be 2**n times the scale that Lif divides by, the other a whole multiple of it
        in every channel: only then is what Lif rounds an integer already.
        """
        assert x.other is not None
        assert x.join is not None
        ways = ((x.layer, x.scale / stated), (x.other[0], x.other[1] / stated))
        for (first, raised), (second, ratio) in (ways, ways[::-1]):
            largest, other = self._largest(first), self._largest(second)
            shift = round(float(np.log2(raised[np.argmax(largest)])))
            gain = np.rint(np.where(other > 0, ratio, 0))  # the scale of weights 0 says nothing
            error = np.abs(raised - 2.0**shift) * largest + np.abs(ratio - gain) * other
            if shift >= 0 and shift + fraction <= 24 and (error < _ROUNDS_AWAY).all():
                name = self._names.new(x.join.name)
                whole = gain.astype(np.int64) << fraction
                return self._add(CurrentJoin(name, (first, second), whole, shift + fraction))
        raise node.fault(
            f"the sum of {ways[0][0]!r} and {ways[1][0]!r} is not on the grid of its scale; give one of them "
            "2^F times that scale and the other a whole multiple of it in each channel"
        )

    def _largest(self, layer: str) -> Array:
        """(O,) largest magnitude of a synapse layer's accumulators."""
        edge = self._edges[layer]
        assert isinstance(edge, Accumulator)
        return np.maximum(-np.array(edge.lows, np.float64), np.array(edge.highs, np.float64))

    def _whole_bias(self, node: Node, x: _Sums, stated: Array) -> Integers:
        """The bias of the synapses in steps of what Lif rounds its input to."""
        steps = x.bias / (x.scale if x.other is None else stated)
        if np.any(np.abs(steps - np.rint(steps)) > _GRID_TOLERANCE):
            raise node.fault(
                f"layer {x.layer!r} adds a bias that is not on its integer grid; remove it and put it into "
                "the Lif node's bias, which has fraction bits"
            )
        return np.rint(steps).astype(np.int64)

    def _transform(self, node: Node) -> _Meaning:
        x, _ = self._values(node)
        if not np.isclose(x.scale, 1.0, rtol=_SCALE_TOLERANCE):
            raise node.fault(
                f"its input has the scale {x.scale:g}; it must read integers, so pool by maximum"
            )
        matrix = self._integers(node, 1, "matrix")
        shift, fraction = node.attributes.get("shift", 4), node.attributes.get("fraction", 1)
        name = self._names.new(node.name)
        return replace(x, layer=self._add(TemporalTransform(name, (x.layer,), matrix, shift, fraction)))

    # Pooling and shapes

    def _max_pool(self, node: Node) -> _Meaning:
        x, _ = self._values(node)
        return replace(x, layer=self._pool(node, x, "max", self._pool_size(node)))

    def _average_pool(self, node: Node) -> _Meaning:
        x, _ = self._values(node)
        size = self._pool_size(node)
        return replace(x, layer=self._pool(node, x, "sum", size), scale=x.scale / size**2)

    def _global_average_pool(self, node: Node) -> _Meaning:
        x, edge = self._values(node)
        if edge.height != edge.width:
            raise node.fault(f"averages {edge.height} x {edge.width} pixels; only squares are supported")
        size = edge.height
        return replace(x, layer=self._pool(node, x, "sum", size), scale=x.scale / size**2)

    def _pool_size(self, node: Node) -> int:
        kernel = tuple(node.attributes.get("kernel_shape", ()))
        stride, padding = self._window(node, kernel)
        if stride != kernel[0] or padding != 0 or node.attributes.get("ceil_mode", 0):
            raise node.fault("overlaps, pads or rounds up; use stride = size, no padding and ceil_mode 0")
        return stride

    def _pool(self, node: Node, x: _Values, kind: str, size: int) -> str:
        if x.flat:
            raise node.fault("pools flattened values; put it before the Flatten")
        name = self._names.new(node.name)
        return self._add(Pool(name, (x.layer,), "max" if kind == "max" else "sum", size))

    def _reshape(self, node: Node) -> _Meaning:
        meaning = self._meaning.get(node.inputs[0])
        if isinstance(meaning, _Summed | _Decided):
            return meaning  # a vector of logits stays one, however its axes of length 1 are arranged
        if meaning is None:
            raise node.fault("reshapes a constant that could not be computed; export it as a constant")
        edge = self._edges[meaning.layer]
        assert isinstance(edge, Activation | Accumulator)
        flat = (edge.timesteps, edge.channels * edge.height * edge.width)
        shape = flat if meaning.flat else edge.shape
        target = self._target_shape(node, shape)
        if target == flat:
            return replace(meaning, flat=True)
        if target == edge.shape:
            return replace(meaning, flat=False)
        raise node.fault(f"makes {target} of {shape}; only flattening to {flat} keeps time on axis 0")

    def _target_shape(self, node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
        probe = np.empty(shape, np.bool_)
        if node.operator == "Flatten":
            axis = node.attributes.get("axis", 1) % (len(shape) + 1)
            return (int(np.prod(shape[:axis])), int(np.prod(shape[axis:])))
        parameters = self._constant(node, 1, "shape") if len(node.inputs) > 1 else node.attributes.get("axes")
        sizes = [] if parameters is None else [int(size) for size in np.atleast_1d(parameters)]
        try:
            if node.operator == "Squeeze":
                return np.squeeze(probe, tuple(sizes) if sizes else None).shape
            if node.operator == "Unsqueeze":
                return np.expand_dims(probe, tuple(sizes)).shape
            if not node.attributes.get("allowzero", 0):
                sizes = [shape[place] if size == 0 else size for place, size in enumerate(sizes)]
            return probe.reshape(sizes).shape
        except (ValueError, IndexError) as error:
            raise node.fault(f"cannot make {sizes} of {shape}; export the model again") from error

    def _quant(self, node: Node) -> _Meaning:
        x, edge = self._values(node)
        scale, _, low, high = quant_parameters(self._graph, node)
        if low > 0 or high < edge.maximum or not np.allclose(scale, x.scale, rtol=_SCALE_TOLERANCE):
            raise node.fault(
                f"quantises integers 0 to {edge.maximum} of scale {x.scale:g} a second time; "
                "remove it or give it that range and scale"
            )
        return x

    def _scaling(self, node: Node) -> _Meaning:
        """A product with, or a quotient by, one positive constant moves into the scale."""
        first, second = (self._graph.constants.get(name) for name in node.inputs)
        constant, place = (second, 0) if second is not None else (first, 1)
        meaning = self._meaning.get(node.inputs[place])
        usable = constant is not None and constant.scale is None and constant.values.size == 1
        if not usable or meaning is None or (node.operator == "Div" and place == 1):
            raise node.fault("scales by more than one constant number; use one positive number")
        assert constant is not None
        factor = float(constant.values.item())
        factor = 1 / factor if node.operator == "Div" and factor else factor
        if factor <= 0:
            raise node.fault("scales by a number that is not positive; use one positive number")
        if isinstance(meaning, _Values):
            return replace(meaning, scale=meaning.scale * factor)
        if isinstance(meaning, _Sums):
            return meaning.times(factor)
        if isinstance(meaning, _Decided):
            raise node.fault("scales logits behind an early exit; remove it")
        return replace(meaning, gain=meaning.gain * factor)

    # Sums over time

    def _sum_over_time(self, node: Node) -> _Meaning:
        x, edge = self._sums(node)
        axes = self._constant(node, 1, "axes") if len(node.inputs) > 1 else node.attributes.get("axes", [])
        if [int(axis) for axis in np.atleast_1d(axes)] not in ([0], [-2]) or not x.flat:
            raise node.fault("reduces other axes than time; sum a dense layer over axis 0 only")
        if x.other is not None:
            raise node.fault("sums two layers at once; add a neuron behind their sum, or join their inputs")
        return _Summed(x, 1.0 if node.operator == "ReduceSum" else 1.0 / edge.timesteps, node)

    # Joins

    def _addition(self, node: Node) -> _Meaning:
        """Of activations, of the currents of two layers, or of a constant to logits."""
        if any(name in self._graph.constants for name in node.inputs):
            return self._logit_bias(node)
        meanings = [self._meaning.get(name) for name in node.inputs]
        values = [meaning for meaning in meanings if isinstance(meaning, _Values)]
        sums = [meaning for meaning in meanings if isinstance(meaning, _Sums)]
        if len(values) == len(meanings) >= 2:
            return self._join(node, values)
        if len(sums) == len(meanings) == 2:
            return self._added_currents(node, *sums)
        raise node.fault(
            "adds what cannot be joined; add activations, or two convolutions or dense layers before a Lif"
        )

    def _join(self, node: Node, values: list[_Values]) -> _Values:
        first = values[0]
        scales = ", ".join(f"{x.scale:g}" for x in values)
        if any(not np.isclose(x.scale, first.scale, rtol=_SCALE_TOLERANCE) for x in values):
            raise node.fault(f"adds activations of the scales {scales}; bring them to one grid")
        if any(x.flat != first.flat for x in values):
            raise node.fault("adds flattened activations to others; put it before the Flatten")
        name = self._names.new(node.name)
        return replace(first, layer=self._add(Join(name, tuple(x.layer for x in values))))

    def _added_currents(self, node: Node, first: _Sums, second: _Sums) -> _Sums:
        if first.other is not None or second.other is not None:
            raise node.fault("adds the currents of a third layer; join two layers before a Lif")
        shapes = [self._edges[x.layer].shape for x in (first, second)]  # type: ignore[union-attr]
        if shapes[0] != shapes[1] or first.flat != second.flat:
            raise node.fault(f"adds layers of the shapes {shapes[0]} and {shapes[1]}; make them equal")
        bias = first.bias + second.bias
        return _Sums(first.layer, first.scale, bias, first.flat, node, (second.layer, second.scale))

    # Read-out

    def _logit_bias(self, node: Node) -> _Meaning:
        """A constant added behind the sum over time; all others are merged into synapses before."""
        places = [place for place, name in enumerate(node.inputs) if name not in self._graph.constants]
        meaning = self._meaning.get(node.inputs[places[0]]) if len(places) == 1 else None
        if not isinstance(meaning, _Summed) or len(node.inputs) != 2:
            raise node.fault("adds a constant to what has no bias; add it behind synapses or to logits only")
        edge = self._edges[meaning.sums.layer]
        assert isinstance(edge, Accumulator)
        constant = self._constant(node, 1 - places[0], "constant").reshape(-1)
        if constant.size not in (1, edge.channels):
            raise node.fault(f"adds {constant.size} values to {edge.channels} logits; add one for each")
        bias = meaning.sums.bias + constant / (meaning.gain * edge.timesteps)
        return replace(meaning, sums=replace(meaning.sums, bias=bias))

    def _readout(self, summed: _Summed) -> tuple[str, float]:
        """The read-out's layer, and what one step of its logits is worth."""
        x, node = summed.sums, summed.node
        if np.any(x.scale != x.scale[0]):
            raise node.fault(
                f"layer {x.layer!r} has a weight scale for each class, so its logits cannot be compared as "
                "integers; quantise it with one scale"
            )
        fraction = self._fraction_before(x.layer)
        exact = x.bias / x.scale[0] * 2.0**fraction
        bias = np.rint(exact)
        if np.any(np.abs(exact - bias) > _GRID_TOLERANCE + 1e-6 * np.abs(exact)):
            raise node.fault(
                f"layer {x.layer!r} adds a bias that is not on the grid of its scale / 2^{fraction}; "
                "round it to that grid before the export"
            )
        layer = Readout(self._names.new(node.name), (x.layer,), bias.astype(np.int64), fraction)
        return self._add(layer), float(x.scale[0]) * summed.gain / 2**fraction

    def _fraction_before(self, name: str) -> int:
        """Fraction bits of the nearest neuron before a layer: those of its currents, where it joins two."""
        layers = {layer.name: layer for layer in self._layers}
        while name in layers:
            layer = layers[name]
            name = layer.inputs[0]
            if isinstance(layer, Neuron):
                below = layers.get(name)
                return below.fraction if isinstance(below, CurrentJoin) else layer.fraction
        return _DEFAULT_FRACTION

    def _early_exit(self, node: Node) -> _Meaning:
        early, final = (self._meaning.get(node.inputs[place]) for place in (0, 2))
        if not isinstance(early, _Summed) or not isinstance(final, _Summed | _Decided):
            raise node.fault("needs logits; give it a read-out, its scale, and a read-out or early exit")
        margin = node.attributes.get("margin")
        if margin is None or margin < 0:
            raise node.fault("has no margin of 0 or more; state it in steps of its scale")
        head, unit = self._readout(early)
        edge = self._edges[head]
        assert isinstance(edge, Logits)
        stated = float(np.asarray(self._constant(node, 1, "scale"), np.float64).reshape(-1)[0])
        if stated <= 0 or abs(unit / stated - 1) * max(-edge.minimum, edge.maximum, 1) >= _ROUNDS_AWAY:
            raise node.fault(
                f"divides by {stated:g}, but one step of the logits of {head!r} is {unit:g}; "
                "export both from the same weights"
            )
        last = final.layer if isinstance(final, _Decided) else self._readout(final)[0]
        return _Decided(self._add(EarlyExit(self._names.new(node.name), (head, last), int(margin))))


def _narrow_bits(node: Node, weight: Constant) -> int:
    """Weight bits W; one more where the lowest value lies outside the narrow range."""
    magnitudes = np.abs(weight.values)
    if weight.bits == 1 and (magnitudes == 1).all():
        return 1
    bits = max(2, weight.bits, int(magnitudes.max(initial=0)).bit_length() + 1)
    if bits > 8:
        raise node.fault(f"its weights need {bits} bits; quantise them to 8 bits or fewer, narrow range")
    return bits
