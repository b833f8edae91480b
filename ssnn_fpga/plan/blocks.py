"""Cuts a network into blocks, each a synapse layer with all that follows it up to the next one."""

from __future__ import annotations

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
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ranges import Ranges, analyse
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.folds import Fold
from ssnn_fpga.plan.modules import (
    activation_stream,
    neuron_stage,
    pool_stage,
    readout_stage,
    synapse_stages,
    transform_stage,
)
from ssnn_fpga.plan.plan import Stage
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, Stream


@dataclass(frozen=True)
class Block:
    """Layers that one fold decides: synapses, their neuron or read-out, pools and transformers."""

    synapses: Conv | Dense
    rest: tuple[Layer, ...]


@dataclass(frozen=True)
class Blocks:
    """A network as a chain of blocks, with what is needed to make stages of them."""

    edge_of: dict[str, Edge]
    ranges: Ranges
    leading: tuple[Layer, ...]
    """Pools and transformers before the first synapses."""
    blocks: tuple[Block, ...]

    def input(self) -> ActivationStream:
        """The stream that enters the accelerator: all channels of a pixel in one token."""
        edge = self.edge_of[NETWORK_INPUT]
        assert isinstance(edge, Activation)
        return activation_stream(edge, edge.channels)

    def leading_stages(self, source: ActivationStream) -> list[Stage]:
        """Stages before the first block."""
        return self._followers(self.leading, 1, source)

    def fed_by(self, edge: Activation, group: int) -> ActivationStream:
        """The stream of ``edge`` in channel groups of ``group``."""
        return activation_stream(edge, group)

    def stages(self, block: Block, fold: Fold, source: Stream) -> list[Stage]:
        """Stages of one block that is fed by ``source``."""
        synapses = self.synapse_stages(block, fold, source)
        return synapses + self.rest_stages(block, fold, synapses[-1].output)

    def synapse_stages(self, block: Block, fold: Fold, source: Stream) -> list[Stage]:
        """Stages of a block up to its accumulators."""
        edge = self.edge_of[block.synapses.inputs[0]]
        out = self.edge_of[block.synapses.name]
        assert isinstance(edge, Activation)
        assert isinstance(out, Accumulator)
        assert isinstance(source, ActivationStream)
        return synapse_stages(block.synapses, edge, out, fold, source)

    def rest_stages(self, block: Block, fold: Fold, source: Stream) -> list[Stage]:
        """Stages of a block behind its accumulators."""
        return self._followers(block.rest, fold.tl, source)

    def _followers(self, layers: tuple[Layer, ...], tl: int, source: Stream) -> list[Stage]:
        stages: list[Stage] = []
        for layer in layers:
            stages.append(self._follower(layer, tl, source))
            source = stages[-1].output
        return stages

    def _follower(self, layer: Layer, tl: int, source: Stream) -> Stage:
        match layer, self.edge_of[layer.name], source:
            case Neuron(), Activation() as edge, AccumulatorStream():
                return neuron_stage(layer, edge, self.ranges.neurons[layer.name], tl, source)
            case Readout(), Logits() as edge, AccumulatorStream():
                return readout_stage(layer, edge, self.ranges.readouts[layer.name], source)
            case Pool(), Activation() as edge, ActivationStream():
                return pool_stage(layer, edge, source)
            case TemporalTransform(), Activation() as edge, ActivationStream():
                return transform_stage(layer, edge, source)
        raise AssertionError(f"{layer.name} does not fit its input")  # edges() refuses such networks


def cut(network: Network) -> Blocks:
    """The network's blocks. Raises UserError where it is no chain that ends in a read-out."""
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
    if not network.layers or not isinstance(network.layers[-1], Readout):
        raise UserError(f"network {network.name} does not end in a read-out: sum a dense layer over time")
    starts = [i for i, layer in enumerate(network.layers) if isinstance(layer, Conv | Dense)]
    ends = [*starts[1:], len(network.layers)]
    blocks = []
    for start, end in zip(starts, ends, strict=True):
        synapses = network.layers[start]
        assert isinstance(synapses, Conv | Dense)
        blocks.append(Block(synapses, network.layers[start + 1 : end]))
    return Blocks(edge_of, analyse(network), network.layers[: starts[0]], tuple(blocks))


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
