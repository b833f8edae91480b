"""Recipes: what to train, on frames of what shape, and how. TOML files checked with pydantic."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Compression

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BUNDLED = Path(__file__).parent / "recipes"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CompressionRecipe(_Section):
    """How events become frames; the number of timesteps is the first of the schedule."""

    sensor_height: int = Field(34, ge=4)
    sensor_width: int = Field(34, ge=4)
    window_us: int = Field(ge=1)
    bits: int = Field(2, ge=1, le=8)
    spatial_factor: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _divides(self) -> CompressionRecipe:
        if self.sensor_height % self.spatial_factor or self.sensor_width % self.spatial_factor:
            raise ValueError(
                f"spatial_factor {self.spatial_factor} must divide the sensor's height and width"
            )
        return self


class NetworkRecipe(_Section):
    """A shrinking-timestep network: one convolutional stage for each entry of the schedule."""

    schedule: tuple[int, ...] = Field(min_length=1)
    channels: tuple[int, ...]
    weight_bits: int = Field(4, ge=2, le=8)
    threshold: float = Field(1.0, gt=0)
    leak_multiplier: int = Field(1, ge=0)
    leak_shift: int = Field(1, ge=0, le=16)
    fraction: int = Field(4, ge=0, le=8)
    transform_shift: int = Field(4, ge=0, le=8)
    transform_fraction: int = Field(1, ge=0, le=4)

    @property
    def decay(self) -> float:
        """What is left of a membrane after one timestep: the leak m / 2**k."""
        return self.leak_multiplier / 2**self.leak_shift

    @field_validator("schedule")
    @classmethod
    def _decreases(cls, schedule: tuple[int, ...]) -> tuple[int, ...]:
        if any(t < 1 for t in schedule) or any(b >= a for a, b in itertools.pairwise(schedule)):
            raise ValueError(f"timesteps must be positive and decrease strictly, not {list(schedule)}")
        return schedule

    @field_validator("channels")
    @classmethod
    def _positive(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if any(c < 1 for c in channels):
            raise ValueError(f"every stage needs at least one channel, not {list(channels)}")
        return channels

    @model_validator(mode="after")
    def _consistent(self) -> NetworkRecipe:
        if len(self.channels) != len(self.schedule):
            raise ValueError(
                f"channels has {len(self.channels)} entries and schedule {len(self.schedule)}: "
                "give one of each for every stage"
            )
        if self.leak_multiplier > 1 << self.leak_shift:
            raise ValueError("leak_multiplier must not exceed 2**leak_shift, or membranes would grow")
        return self


class Augmentation(_Section):
    """Random changes of the training frames, uniform between -limit and +limit for each recording."""

    shift: float = Field(default=2.0, ge=0)  # pixels
    rotation: float = Field(default=10.0, ge=0)  # degrees
    scale: float = Field(default=0.1, ge=0, lt=1)  # relative
    shear: float = Field(default=0.1, ge=0)  # pixels a pixel


class TrainingRecipe(_Section):
    """How to train. Everything that changes the resulting weights is in here."""

    epochs: int = Field(ge=1)
    batch: int = Field(50, ge=1)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    early_weight: float = Field(0.3, ge=0)  # lambda of each early classifier's loss
    integer_share: float = Field(0.2, ge=0, le=1)  # last part of training, on the full integer forward pass
    validation: float = Field(0.12, gt=0, lt=1)  # share of each class taken out of the training recordings
    seed: int = Field(0, ge=0)
    threads: int = Field(2, ge=1)
    augmentation: Augmentation = Augmentation()

    @property
    def integer_from(self) -> int:
        """First epoch (counted from 0) of the integer forward pass."""
        return self.epochs - round(self.epochs * self.integer_share)


class Recipe(_Section):
    """A whole recipe."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    compression: CompressionRecipe
    network: NetworkRecipe
    training: TrainingRecipe

    def frame_compression(self) -> Compression:
        """The compression that the model file will carry."""
        return Compression(timesteps=self.network.schedule[0], **self.compression.model_dump())

    @model_validator(mode="after")
    def _pooling_leaves_pixels(self) -> Recipe:
        smallest = min(self.compression.sensor_height, self.compression.sensor_width)
        smallest //= self.compression.spatial_factor
        if smallest >> len(self.network.schedule) < 1:
            raise ValueError(
                f"network.schedule has {len(self.network.schedule)} stages, and pooling by 2 after each "
                f"leaves nothing of {smallest} pixels"
            )
        return self


def bundled_recipes() -> dict[str, Path]:
    """The recipes that come with the package, by bare name."""
    return {file.stem: file for file in sorted(BUNDLED.glob("*.toml"))}


def load_recipe(path: Path | str) -> Recipe:
    """The recipe in the TOML file ``path``, or the bundled one of that bare name.

    Raises UserError naming the file and the key at fault.
    """
    bundled = bundled_recipes()
    try:
        text = bundled.get(str(path), Path(path)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read as a recipe: "
            f"give a TOML file or the name of a bundled one ({', '.join(bundled)})."
        ) from error
    try:
        return Recipe.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise UserError(f"{path}: {_first_fault(error)}.") from error


def _first_fault(error: ValidationError) -> str:
    """The first fault of a recipe as "key: what is wrong with it"."""
    fault = error.errors()[0]
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key}, remove it or correct its spelling"
    if fault["type"] == "missing":
        return f"the key {key} is missing, add it"
    message = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    if fault["type"] == "value_error":
        return f"{key}: {message}" if key else message
    return f"{key} is {fault['input']!r}: {message[0].lower()}{message[1:]}"
