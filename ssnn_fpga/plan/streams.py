"""What travels on the wires between two modules: the three kinds of stream."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActivationStream:
    """Tokens of one pixel, ``group`` channels, all timesteps, ``bits`` bits a value."""

    timesteps: int
    channels: int
    height: int
    width: int
    bits: int
    group: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W) of one sample."""
        return (self.timesteps, self.channels, self.height, self.width)

    @property
    def planes(self) -> int:
        """Binary planes P = T * A."""
        return self.timesteps * self.bits

    @property
    def token_bits(self) -> int:
        """Width of a token's payload."""
        return self.planes * self.group

    @property
    def tokens(self) -> int:
        """Tokens of one sample."""
        return self.height * self.width * self.channels // self.group


@dataclass(frozen=True)
class AccumulatorStream:
    """Tokens of one pixel, ``pe`` channels, ``resident`` timesteps, signed ``bits`` bits a value."""

    timesteps: int
    channels: int
    height: int
    width: int
    bits: int
    pe: int
    resident: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W) of one sample."""
        return (self.timesteps, self.channels, self.height, self.width)

    @property
    def token_bits(self) -> int:
        """Width of a token's payload, the skipped bit not counted."""
        return self.resident * self.pe * self.bits

    @property
    def tokens(self) -> int:
        """Tokens of one sample."""
        return self.height * self.width * (self.channels // self.pe) * (self.timesteps // self.resident)


@dataclass(frozen=True)
class LogitStream:
    """One token a sample: ``channels`` signed logits of ``bits`` bits, the class index above."""

    channels: int
    bits: int

    @property
    def class_bits(self) -> int:
        """Width of the class index."""
        return max(1, (self.channels - 1).bit_length())

    @property
    def token_bits(self) -> int:
        """Width of a token's payload."""
        return self.channels * self.bits + self.class_bits

    @property
    def tokens(self) -> int:
        """Tokens of one sample."""
        return 1


Stream = ActivationStream | AccumulatorStream | LogitStream
