"""Recipes: what to train, on frames of what shape, and how. TOML files checked with pydantic."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from quant_models.layout import Stage, parse_layout
from quant_models.neuron import Firing
from quant_models.surrogate import Surrogate
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Compression

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BUNDLED = Path(__file__).parent / "recipes"
FLOAT_BITS = 32
"""weight_bits of a network in floating point."""


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


class ImageRecipe(_Section):
    """Still images instead of events: 8-bit pixels, the same at every timestep (direct encoding)."""

    height: int = Field(ge=4)
    width: int = Field(ge=4)
    channels: Literal[1, 3] = 3


class NeuronRecipe(_Section):
    """The neurons of all layers; leak and filter are on the grids that the hardware has.

    ``leak`` says what is trained: "fixed" keeps leak_multiplier / 2**leak_shift; "learned" starts
    there, on the grid of 1/256; "power" learns k of 1 - 2**-k and starts at k = leak_shift.
    """

    threshold: float = Field(1.0, gt=0)
    learn_threshold: bool = False
    leak: Literal["fixed", "learned", "power"] = "fixed"
    leak_multiplier: int = Field(1, ge=0)
    leak_shift: int = Field(1, ge=0, le=16)
    filter_shift: int = Field(0, ge=0, le=3)  # of the synaptic current filter; 0 is no filter
    learn_filter: bool = False
    levels: int = Field(1, ge=1, le=8)
    strict: bool = False
    surrogate: Surrogate = "triangular"
    surrogate_height: float = Field(1.0, gt=0)

    @property
    def firing(self) -> Firing:
        """Thresholds and surrogate."""
        return Firing(self.levels, self.strict, self.surrogate, self.surrogate_height)

    @model_validator(mode="after")
    def _decays(self) -> NeuronRecipe:
        if self.leak_multiplier > 1 << self.leak_shift:
            raise ValueError("leak_multiplier must not exceed 2**leak_shift, or membranes would grow")
        return self


class NetworkRecipe(_Section):
    """A shrinking-timestep network: the layout's stages, each with its number of timesteps."""

    schedule: tuple[int, ...] = Field(min_length=1)
    layout: str = "small"
    width: float = Field(1.0, gt=0)
    weight_bits: int | tuple[int, ...] = 4  # of all layers, or of each in order; 32 is floating point
    transformer: Literal["linear", "group", "first", "attention"] = "linear"
    activation: Literal["spikes", "relu"] = "spikes"  # relu: the conventional network to begin with
    dropout: float = Field(0.0, ge=0, lt=1)
    fraction: int = Field(4, ge=0, le=8)
    transform_shift: int = Field(4, ge=0, le=8)
    transform_fraction: int = Field(1, ge=0, le=4)
    neuron: NeuronRecipe = NeuronRecipe()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The blocks of each stage."""
        return parse_layout(self.layout, self.width)

    @property
    def inexact(self) -> str | None:
        """What keeps this network from becoming integers, with the remedy; None where nothing does."""
        bits = self.weight_bits if isinstance(self.weight_bits, tuple) else (self.weight_bits,)
        shrinks = any(b != a for a, b in itertools.pairwise(self.schedule))
        if self.activation == "relu":
            return 'its activations are no spikes: train a phase of activation = "spikes" from it'
        if FLOAT_BITS in bits:
            return "its weights are in floating point: train a phase of 2 to 8 weight_bits from it"
        if shrinks and self.transformer == "attention":
            return "the attention transformer is computed in floating point: use linear or group"
        return None

    @field_validator("schedule")
    @classmethod
    def _shrinks(cls, schedule: tuple[int, ...]) -> tuple[int, ...]:
        if any(t < 1 for t in schedule) or any(b > a for a, b in itertools.pairwise(schedule)):
            raise ValueError(f"timesteps must be positive and never increase, not {list(schedule)}")
        return schedule

    @field_validator("weight_bits")
    @classmethod
    def _possible(cls, bits: int | tuple[int, ...]) -> int | tuple[int, ...]:
        for each in bits if isinstance(bits, tuple) else (bits,):
            if not 2 <= each <= 8 and each != FLOAT_BITS:
                raise ValueError(f"weights have 2 to 8 bits, or {FLOAT_BITS} for floating point, not {each}")
        return bits

    @model_validator(mode="after")
    def _consistent(self) -> NetworkRecipe:
        if len(self.stages) != len(self.schedule):
            raise ValueError(
                f"layout has {len(self.stages)} stages and schedule {len(self.schedule)} entries: "
                "give one number of timesteps for every stage"
            )
        if self.activation == "relu" and self.schedule[0] != 1:
            raise ValueError("a network of activation relu has no timesteps: its schedule is all 1")
        return self


class Augmentation(_Section):
    """Random changes of the training frames, uniform between -limit and +limit for each recording."""

    shift: float = Field(default=2.0, ge=0)  # pixels
    rotation: float = Field(default=10.0, ge=0)  # degrees
    scale: float = Field(default=0.1, ge=0, lt=1)  # relative
    shear: float = Field(default=0.1, ge=0)  # pixels a pixel
    flip: bool = False  # mirror half of the recordings left to right


class TrainingRecipe(_Section):
    """How to train. Everything that changes the resulting weights is in here."""

    epochs: int = Field(ge=1)
    batch: int = Field(50, ge=1)  # over all processes
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"  # adam: amsgrad; sgd: momentum 0.9
    learning_rate: float = Field(2e-3, gt=0)
    decline: Literal["cosine", "steps"] = "cosine"
    steps: tuple[float, ...] = (0.6, 0.8, 0.9)  # shares of the epochs at which the rate falls
    step_factor: float = Field(5.0, gt=1)
    weight_decay: float = Field(0.01, ge=0)
    ema_decay: float = Field(0.0, ge=0, lt=1)  # of the moving average of the weights, a batch; 0: none
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    early_weight: float = Field(0.3, ge=0)  # lambda of each early classifier's loss
    teacher_weight: float = Field(0.0, ge=0, le=1)  # share of the loss against what was trained before
    teacher_temperature: float = Field(2.0, gt=0)
    integer_share: float = Field(0.2, ge=0, le=1)  # last part of training, on the full integer forward pass
    validation: float = Field(0.12, gt=0, lt=1)  # share of each class taken out of the training recordings
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    seed: int = Field(0, ge=0)
    threads: int = Field(2, ge=1)
    augmentation: Augmentation = Augmentation()

    @property
    def integer_from(self) -> int:
        """First epoch (counted from 0) of the integer forward pass."""
        return self.epochs - round(self.epochs * self.integer_share)


class Phase(_Section):
    """One training of a procedure: what differs from the recipe's own network and training.

    A phase starts with the weights of the one before, where they have the same shape.
    ``threshold_percentile`` sets all thresholds anew from the currents of a batch.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    network: dict[str, object] = {}
    training: dict[str, object] = {}
    fresh: bool = False  # start with random weights
    threshold_percentile: float | None = Field(None, gt=0, le=100)


class Recipe(_Section):
    """A whole recipe."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    compression: CompressionRecipe | None = None
    images: ImageRecipe | None = None
    network: NetworkRecipe
    training: TrainingRecipe
    phase: tuple[Phase, ...] = ()

    @property
    def input_size(self) -> tuple[int, int, int]:
        """(C, H, W) of one frame."""
        if self.images is not None:
            return self.images.channels, self.images.height, self.images.width
        assert self.compression is not None
        factor = self.compression.spatial_factor
        return 2, self.compression.sensor_height // factor, self.compression.sensor_width // factor

    @property
    def input_maximum(self) -> int:
        """Largest event count or pixel."""
        return 255 if self.compression is None else (1 << self.compression.bits) - 1

    @property
    def integer_from(self) -> int:
        """First epoch of the integer forward pass; none where the network has no integers."""
        return self.training.epochs if self.network.inexact else self.training.integer_from

    def frame_compression(self) -> Compression | None:
        """The compression that the model file will carry; images have none."""
        if self.compression is None:
            return None
        return Compression(timesteps=self.network.schedule[0], **self.compression.model_dump())

    def phases(self) -> list[tuple[Phase, Recipe]]:
        """Each phase and the recipe of its training alone; one phase where the recipe names none."""
        base = self.model_dump(exclude={"phase"})
        return [
            (
                phase,
                Recipe.model_validate(
                    {
                        **base,
                        "network": _merged(base["network"], phase.network),
                        "training": _merged(base["training"], phase.training),
                    }
                ),
            )
            for phase in self.phase or (Phase(name=self.name),)
        ]

    @model_validator(mode="after")
    def _one_kind_of_input(self) -> Recipe:
        if (self.compression is None) == (self.images is None):
            raise ValueError("give either [compression], for events, or [images]")
        names = [phase.name for phase in self.phase]
        if len(set(names)) < len(names):
            raise ValueError("two phases have one name: give each its own")
        return self

    @model_validator(mode="after")
    def _pooling_leaves_pixels(self) -> Recipe:
        size = _, height, width = self.input_size
        for stage in self.network.stages:
            for block in stage:
                size = block.after(size)
                if min(size) < 1:
                    raise ValueError(
                        f"network.layout: pooling by {block} leaves nothing of {height} x {width} pixels"
                    )
        return self

    @model_validator(mode="after")
    def _phases_are_recipes(self) -> Recipe:
        phases = self.phases() if self.phase else []
        for (_, before), (phase, recipe) in itertools.pairwise(phases):
            if fault := recipe.teacher_fault(before):
                raise ValueError(f"phase {phase.name}: {fault}")
        return self

    def teacher_fault(self, teacher: Recipe | None) -> str | None:
        """Why ``teacher``, trained before, cannot teach this network; None where it can or need not."""
        if not self.training.teacher_weight:
            return None
        if teacher is None:
            return "teacher_weight needs a teacher: a phase before this one, or a run to start with"
        seen, taught = self.network.schedule[0], teacher.network.schedule[0]
        if self.compression is not None and seen != taught:
            return f"the network sees {seen} timesteps and its teacher {taught}: make them equal"
        if self.input_size != teacher.input_size:
            return f"the network sees frames of {self.input_size} and its teacher of {teacher.input_size}"
        return None


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``, table by table."""
    return base | {
        key: _merged(base[key], value)
        if isinstance(value, dict) and isinstance(base.get(key), dict)
        else value
        for key, value in changes.items()
    }


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
        raise UserError(f"{path}: {first_fault(error)}.") from error


def first_fault(error: ValidationError) -> str:
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
