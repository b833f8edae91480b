"""How much of a layer works at once, and which folds a layer allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Activation, Conv, Dense

PORT_BITS = (8, 16, 32, 64, 128, 256, 512, 1024)
"""Widths of a memory port that weights can come over."""


@dataclass(frozen=True)
class Fold:
    """Fold of one synapse layer and of the neuron behind it (``docs/hardware.md``, "Loop order")."""

    pe: int
    """Output channels at once."""
    simd: int
    """Inputs of the flattened window or frame at once."""
    tp: int
    """Planes (timestep and bit) at once."""
    tl: int
    """Timesteps that the neuron takes a cycle."""
    taps: int = 0
    """1: a convolution's window is read tap by tap (``tap_reader``), zeros left out."""
    streamed: int = 0
    """Bits of the memory port over which the weights come; 0: they lie on the chip."""
    scatter: int = 0
    """Windows that take a word at once, of a convolution that scatters (``scatter_conv``); 0: none does."""


@dataclass(frozen=True)
class FoldSpace:
    """The folds that one synapse layer allows."""

    layer: str
    outputs: int
    inputs: int
    """Length of the flattened window (conv) or frame (dense)."""
    timesteps: int
    bits: int
    pads_inputs: bool
    """Whether inputs may be padded to whole folds: a window's may, a frame arrives as tokens."""
    channels: int = 1
    """Input channels of one group of a convolution."""
    groups: int = 1
    """Groups of a convolution."""
    reach: int = 1
    """Windows of a row of a convolution that see the same pixel, at most: kernel over stride."""

    @property
    def planes(self) -> int:
        """Binary planes P = T * A of the input."""
        return self.timesteps * self.bits

    def resident(self, tp: int) -> int:
        """NT: timesteps whose accumulators are resident at a time."""
        return max(1, tp // self.bits)

    def plane_groups(self, tp: int) -> int:
        """BG: groups of planes that make one timestep group."""
        return max(1, self.bits // tp)

    @property
    def depthwise(self) -> bool:
        """Whether every output channel has an input channel of its own, as each PE then has."""
        return self.groups > 1 and self.channels == 1 and self.outputs == self.groups

    def pe_choices(self) -> list[int]:
        """PE: divisors of the output channels that see the same inputs."""
        return divisors(self.outputs if self.depthwise else self.outputs // self.groups)

    def taps_choices(self, simd: int) -> list[int]:
        """Readers: a tap is SIMD channels of one pixel."""
        return [0, 1] if self.pads_inputs and self.channels % simd == 0 else [0]

    def simd_choices(self) -> list[int]:
        """SIMD: for a window the least of each number of folds, for a frame the divisors."""
        if not self.pads_inputs:
            return divisors(self.inputs)
        return sorted({-(-self.inputs // folds) for folds in range(1, self.inputs + 1)})

    def tp_choices(self) -> list[int]:
        """TP: divides A, or is a multiple of A that divides T*A."""
        return [tp for tp in divisors(self.planes) if self.bits % tp == 0 or tp % self.bits == 0]

    def tl_choices(self, tp: int) -> list[int]:
        """TL: divides the resident timesteps."""
        return divisors(self.resident(tp))

    def scatter_choices(self) -> list[int]:
        """Windows at once, where a convolution may scatter its input: one, those of a row, all; or none."""
        return sorted({1, self.reach, self.reach**2}) if self.pads_inputs and self.groups == 1 else []

    def scatters(self, override: Mapping[str, int]) -> Iterator[Fold]:
        """Every fold of a convolution that scatters and keeps the ``override``; none if that rules them out.

        A word is SIMD channels of one pixel in TP planes, whole timesteps.
        """
        spaces = self.pe_choices(), divisors(self.channels), self._whole_timesteps(), self.scatter_choices()
        for pe, simd, tp, scatter in product(*spaces):
            yield from self._kept_scatters(pe, simd, tp, scatter, override)

    def _whole_timesteps(self) -> list[int]:
        return [tp for tp in self.tp_choices() if tp % self.bits == 0]

    def _kept_scatters(
        self, pe: int, simd: int, tp: int, scatter: int, override: Mapping[str, int]
    ) -> Iterator[Fold]:
        for tl in self.tl_choices(tp):
            fold = Fold(pe, simd, tp, tl, scatter=scatter)
            kept = all(getattr(fold, key) == value for key, value in override.items())
            if kept and ("taps" not in override or "scatter" in override):  # taps says how windows are read
                yield fold

    def folds(self, override: Mapping[str, int]) -> Iterator[Fold]:
        """Every fold that keeps the ``override`` of some of pe, simd, tp, tl, taps, streamed, scatter.

        Those that scatter (``scatters``) are among them only if the override says so.
        """
        for key in override:
            if key not in asdict(Fold(1, 1, 1, 1)):
                raise UserError(
                    f"fold of layer {self.layer}: there is no {key!r}; use pe, simd, tp, tl, taps, streamed, "
                    "scatter"
                )
        if override.get("scatter"):
            self._check_scatter(override)
            yield from self.scatters(override)
            return
        simd_choices = list(range(1, self.inputs + 1)) if self.pads_inputs else self.simd_choices()
        self._check("pe", override, self.pe_choices(), f"{self.outputs} output channels")
        self._check("simd", override, simd_choices, f"{self.inputs} inputs")
        self._check("tp", override, self.tp_choices(), f"{self.planes} planes of {self.bits}-bit values")
        streamed = override.get("streamed", 0)
        if streamed not in (0, *PORT_BITS):
            raise UserError(
                f"fold of layer {self.layer}: streamed = {streamed} is no width of a memory port; use 0 for "
                f"weights on the chip, or {', '.join(map(str, PORT_BITS))}"
            )
        for tp in _kept("tp", override, self.tp_choices()):
            if "tp" in override:
                self._check("tl", override, self.tl_choices(tp), f"{self.resident(tp)} resident timesteps")
            for pe in _kept("pe", override, self.pe_choices()):
                for simd in _kept("simd", override, self.simd_choices()):
                    if "taps" in override and "simd" in override:
                        self._check("taps", override, self.taps_choices(simd), f"{self.channels} channels")
                    for tl, taps in product(self.tl_choices(tp), self.taps_choices(simd)):
                        if override.get("tl", tl) == tl and override.get("taps", taps) == taps:
                            yield Fold(pe, simd, tp, tl, taps, streamed)
        if "tp" not in override:
            allowed = sorted({tl for tp in self.tp_choices() for tl in self.tl_choices(tp)})
            self._check("tl", override, allowed, f"{self.timesteps} timesteps")

    def _check_scatter(self, override: Mapping[str, int]) -> None:
        """Refuse what a convolution that scatters cannot have."""
        choices, wanted = self.scatter_choices(), override["scatter"]
        begin = f"fold of layer {self.layer}: scatter = {wanted}"
        if not choices:
            kind = "a convolution of several groups" if self.pads_inputs else "a dense layer"
            raise UserError(f"{begin} is for convolutions of one group, and this is {kind}; leave it out")
        if wanted not in choices:
            raise UserError(
                f"{begin} windows at once is none of the ways to scatter; use {', '.join(map(str, choices))}"
            )
        for key in ("taps", "streamed"):
            if override.get(key):
                raise UserError(f"{begin} goes without {key}; leave one of the two out")
        self._check("pe", override, self.pe_choices(), f"{self.outputs} output channels")
        self._check("simd", override, divisors(self.channels), f"{self.channels} input channels")
        planes = f"{self.timesteps} timesteps of {self.bits} planes into whole timesteps"
        self._check("tp", override, self._whole_timesteps(), planes)
        resident = self.resident(override.get("tp", self.planes))
        self._check("tl", override, divisors(resident), f"{resident} resident timesteps")

    def _check(self, key: str, override: Mapping[str, int], allowed: list[int], of: str) -> None:
        if key in override and override[key] not in allowed:
            shown = f"{allowed[0]} to {allowed[-1]}" if len(allowed) > 24 else ", ".join(map(str, allowed))
            raise UserError(
                f"fold of layer {self.layer}: {key} = {override[key]} does not divide {of}; use {shown}"
            )


def fold_space(layer: Conv | Dense, source: Activation) -> FoldSpace:
    """The folds of ``layer`` reading the edge ``source``."""
    return FoldSpace(
        layer=layer.name,
        outputs=layer.weight.shape[0],
        inputs=int(layer.weight[0].size),
        timesteps=source.timesteps,
        bits=source.bits,
        pads_inputs=isinstance(layer, Conv),
        channels=layer.weight.shape[1],
        groups=layer.groups if isinstance(layer, Conv) else 1,
        reach=-(-layer.weight.shape[2] // layer.stride) if isinstance(layer, Conv) else 1,
    )


def parse_overrides(settings: Iterable[str]) -> dict[str, dict[str, int]]:
    """Folds set by hand, each as "layer.key=value", as {layer: {key: value}}."""
    overrides: dict[str, dict[str, int]] = {}
    for setting in settings:
        match = re.fullmatch(
            r"(\w+)\.(?:(pe|simd|tp|tl)=([1-9]\d*)|(taps)=([01])|(streamed|scatter)=(\d+))", setting
        )
        if match is None:
            raise UserError(f"fold {setting!r} is not of the form layer.key=value; write conv1.pe=8")
        layer, *fields = match.groups()
        key, value = (field for field in fields if field is not None)
        overrides.setdefault(layer, {})[key] = int(value)
    return overrides


def divisors(value: int) -> list[int]:
    """The divisors of ``value``, ascending."""
    return [d for d in range(1, value + 1) if value % d == 0]


def _kept(key: str, override: Mapping[str, int], choices: list[int]) -> list[int]:
    return [override[key]] if key in override else choices
