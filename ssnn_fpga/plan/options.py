"""What a design can have beside the network, and what that changes in its stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ssnn_fpga.plan.plan import Options, Stage
from ssnn_fpga.plan.resources import estimate
from ssnn_fpga.plan.structure import scatter_weights

_WEIGHTS = ("conv", "dense", "scatter_conv")
_IMAGES = ("INIT", "WEIGHT_INIT")


@dataclass(frozen=True)
class Memory:
    """A memory of a stage that has an image."""

    width: int
    """Bits of a word, without a parity bit."""
    depth: int
    image: str
    """Parameter of the module that names the image's file, "" outside the chip."""


def memory_of(stage: Stage) -> Memory | None:
    """The memory of weights, thresholds, gains or biases in a stage, None where it has none."""
    number = _numbers(stage)
    match stage.module:
        case "conv" | "dense":
            return _weights(stage, "WEIGHT_INIT")
        case "scatter_conv":
            shape = scatter_weights(
                number("IN_CHANNELS"), number("OUT_CHANNELS"), number("KERNEL"), number("STRIDE"),
                number("PE"), number("SIMD"), number("TAPS"), number("WEIGHT_BITS"),
            )  # fmt: skip
            return Memory(*shape, "WEIGHT_INIT")
        case "lif":
            bits, channels = number("THETA_BITS") + number("BIAS_BITS"), number("CHANNELS")
        case "readout":
            bits, channels = number("BIAS_BITS"), number("OUTPUTS")
        case "join_current":
            bits, channels = number("GAIN_BITS"), number("CHANNELS")
        case _:
            return None
    return Memory(number("PE") * bits, -(-channels // number("PE")), "INIT")


def outside_memory_of(stage: Stage) -> Memory | None:
    """What a stage with streamed weights reads outside the chip, None for any other."""
    return _weights(stage, "") if stage.port_cycles else None


def _weights(stage: Stage, image: str) -> Memory:
    number = _numbers(stage)
    if stage.module in ("conv", "streamed_conv"):
        inputs = number("KERNEL") ** 2 * number("IN_CHANNELS") // number("CONV_GROUPS")
    else:
        inputs = number("INPUTS")
    pe, simd = number("PE"), number("SIMD")
    depth = -(-inputs // simd) * (stage.output.channels // pe)
    return Memory(pe * simd * number("WEIGHT_BITS"), depth, image)


def _numbers(stage: Stage) -> Callable[[str], int]:
    values: Mapping[str, int | str] = dict(stage.parameters)
    return lambda name: int(values[name])


def with_options(stage: Stage, options: Options) -> Stage:
    """The stage as ``options`` want it: weights with parity, a memory without an image that is loaded."""
    if options.parity and stage.module in _WEIGHTS:
        stage = replace(stage, parameters=(*stage.parameters, ("PARITY", 1)))
    memory = memory_of(stage)
    if options.loadable and memory is not None:
        # Its count of the words for those behind it takes a little more.
        loader = estimate("image_loader", width=memory.width, depth=memory.depth, following=0)
        parameters = tuple((n, '""' if n == memory.image else v) for n, v in stage.parameters)
        stage = replace(stage, parameters=parameters, resources=stage.resources + loader)
    return stage
