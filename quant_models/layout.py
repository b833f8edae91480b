"""What a network is made of, in the notation of the papers: ``64C3-128C3-AP2|256C3-AP2|FC``-like text.

``|`` ends a stage: behind it the number of timesteps may shrink. Blocks of a stage, joined by ``-``:

- ``64C3``: convolution of 64 channels, 3 x 3, with batch norm and neurons; ``64C3/2`` has stride 2
- ``64R3``: residual block of two such convolutions; ``64R3/2`` halves height and width
- ``512D``: dense layer of 512 neurons
- ``AP2``, ``MP2``: average or maximum pooling over 2 x 2; ``GAP``: over the whole frame
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Convolution:
    """Convolution with neurons, padded so that stride 1 keeps the size."""

    channels: int
    kernel: int
    stride: int

    def after(self, size: Size) -> Size:
        """(C, H, W) behind it."""
        return self.channels, -(-size[1] // self.stride), -(-size[2] // self.stride)


@dataclass(frozen=True)
class ResidualBlock(Convolution):
    """Two convolutions with neurons beside a shortcut; the first has the stride."""


@dataclass(frozen=True)
class DenseLayer:
    """Dense layer with neurons."""

    channels: int

    def after(self, size: Size) -> Size:
        """(C, H, W) behind it."""
        return self.channels, 1, 1


@dataclass(frozen=True)
class Pooling:
    """Pooling of ``size`` x ``size`` windows, 0 for the whole frame; averages are emitted as sums."""

    kind: Literal["max", "sum"]
    size: int

    def after(self, size: Size) -> Size:
        """(C, H, W) behind it."""
        channels, height, width = size
        return (channels, height // self.size, width // self.size) if self.size else (channels, 1, 1)


Block = Convolution | DenseLayer | Pooling
Stage = tuple[Block, ...]

NAMED = {
    # the demo's network; channels as chosen in docs/benchmarks.md
    "small": "16C3-MP2|32C3-MP2|64C3-MP2",
    # SSNN, arXiv 2401.01912. Where its stages end is ours: with {8,5,2} these give VGG-9 the
    # average of 5 timesteps that the paper states
    "vgg9": "64C3-128C3-AP2|256C3-256C3-AP2-512C3-512C3-AP2|512C3-512C3-AP2",
    "resnet18": "64C3-64R3-64R3-AP2|128R3-128R3-AP2-256R3-256R3-AP2|512R3-512R3-GAP",
    # IIR-SNN, arXiv 2110.05929: one stage, the number of timesteps shrinks between trainings
    "vgg16": "64C3-64C3-AP2-128C3-128C3-AP2-256C3-256C3-256C3-AP2-512C3-512C3-512C3-AP2-512C3-512C3-512C3"
    "-4096D-4096D",
    "resnet20": "64C3-64C3-64C3-AP2-64R3-64R3-128R3/2-128R3-256R3/2-256R3-512R3/2-512R3",
}

_CONVOLUTION = re.compile(r"(\d+)([CR])(\d+)(?:/(\d+))?")
_DENSE = re.compile(r"(\d+)D")
_POOLING = re.compile(r"(AP|MP)(\d+)")


def parse_layout(text: str, width: float = 1.0) -> tuple[Stage, ...]:
    """The stages of a named layout or of a text like the above, with ``width`` times the channels.

    Raises ValueError naming the block that is not understood.
    """
    stages = NAMED.get(text, text).split("|")
    return tuple(tuple(_block(word.strip(), width) for word in stage.split("-")) for stage in stages)


def _block(word: str, width: float) -> Block:
    def scaled(channels: str) -> int:
        return max(1, round(int(channels) * width))

    if match := _CONVOLUTION.fullmatch(word):
        channels, kind, kernel, stride = match.groups(default="1")
        if int(kernel) % 2 and int(stride) >= 1:
            block = Convolution if kind == "C" else ResidualBlock
            return block(scaled(channels), int(kernel), int(stride))
    elif match := _DENSE.fullmatch(word):
        return DenseLayer(scaled(match[1]))
    elif match := _POOLING.fullmatch(word):
        if int(match[2]) > 1:
            return Pooling("sum" if match[1] == "AP" else "max", int(match[2]))
    elif word == "GAP":
        return Pooling("sum", 0)
    raise ValueError(
        f"{word!r} is no block: write 64C3, 64C3/2, 64R3 (odd kernels), 512D, AP2, MP2 or GAP, joined by "
        f"'-', stages by '|', or a name ({', '.join(NAMED)})"
    )
