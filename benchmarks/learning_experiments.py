"""What the learning experiments train: one recipe each, IIR-SNN, N-MNIST, then the ablations of SSNN.

Everything that is chosen (epochs, checkpoint) is chosen on validation recordings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.learning_frames import WINDOW_US

SEEDS = (0, 1, 2)
EVENTS = {"sensor_height": 34, "sensor_width": 34, "window_us": WINDOW_US, "bits": 3}
MOVED = {"shift": 3.0, "rotation": 15.0, "scale": 0.15, "shear": 0.15}
WRITERS = {"shift": 2.0, "rotation": 10.0, "scale": 0.1, "shear": 0.1}
IIR_NEURON = {
    "learn_threshold": True,
    "leak": "learned",
    "leak_multiplier": 1,
    "leak_shift": 0,
    "strict": True,
    "surrogate_height": 0.3,
}


@dataclass(frozen=True)
class Experiment:
    """One line of the table."""

    name: str
    data: str
    recipe: dict[str, Any]
    start: str | None = None  # the experiment whose network of the same seed it begins with
    recordings: int | None = None  # of the training split, evenly spaced; all of them if not given
    also_on: str | None = None  # a second data set that the trained network is tested on
    heavy: bool = False  # goes first, and to a process of its own
    seeds: tuple[int, ...] = SEEDS
    tried: bool = False  # on the way to another one: not part of the table, trained where it is named


def shortened(experiment: Experiment) -> Experiment:
    """The same for one epoch of every phase: to see that it runs."""
    recipe = dict(experiment.recipe)
    recipe["training"] = {**recipe["training"], "epochs": 1}
    phases = recipe["phase"]
    recipe["phase"] = [{**p, "training": {**p.get("training", {}), "epochs": 1}} for p in phases]
    if experiment.data == "cifar10":
        recipe["network"] = {**recipe["network"], "width": 1 / 16}
    return replace(experiment, recipe=recipe, seeds=(0,))


def _events(
    name: str, schedule: list[int], *, training: dict[str, Any], phase: Any = (), **network: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "compression": EVENTS,
        "network": {"schedule": schedule, **network},
        "training": {"threads": 1, **training},
        "phase": list(phase),
    }


def _ablations(data: str, training: dict[str, Any], recordings: int | None = None) -> Iterator[Experiment]:
    """SSNN of an average of two timesteps against what leaves a part of it out."""

    def one(
        part: str, schedule: list[int], changes: dict[str, Any] | None = None, phase: Any = (), **network: Any
    ) -> Experiment:
        name = f"{data}_{part}"
        recipe = _events(name, schedule, training={**training, **(changes or {})}, phase=phase, **network)
        return Experiment(name, data, recipe, recordings=recordings)

    shrinking = [3, 2, 1]
    yield one("ssnn", shrinking)
    yield one("plain", [2, 2, 2], {"early_weight": 0.0})
    yield one("plain_early", [2, 2, 2])
    yield one("group", shrinking, transformer="group")
    yield one("first", shrinking, transformer="first")
    yield one("no_early", shrinking, {"early_weight": 0.0})
    for weight in (0.1, 1.0):
        yield one(f"lambda_{str(weight).replace('.', '_')}", shrinking, {"early_weight": weight})
    yield one("attention", shrinking, transformer="attention")
    yield one("direct_one", [1, 1, 1])
    third = max(1, training["epochs"] // 3)
    schedules = ([3, 2, 1], [2, 1, 1], [1, 1, 1])
    phases = [{"name": f"from_{s[0]}", "network": {"schedule": s}} for s in schedules]
    yield one("reduced_to_one", [1, 1, 1], {"epochs": third}, phase=phases)


def _improvements(data: str, training: dict[str, Any], recordings: int) -> Iterator[Experiment]:
    """What might take SSNN further, each alone; to be chosen by ``left_out_accuracy``."""
    averaged = {**training, "ema_decay": 0.98}
    levels = {"levels": 3}
    changes: dict[str, dict[str, Any]] = {
        "ema": {"training": averaged},
        "moved": {"training": {**training, "augmentation": MOVED}},
        "levels": {"training": training, "neuron": levels},
        "levels_ema": {"training": averaged, "neuron": levels},
        "levels_ema_wide": {"training": averaged, "neuron": levels, "width": 2},
    }
    for part, changed in changes.items():
        name = f"{data}_{part}"
        recipe = _events(name, [3, 2, 1], **changed)
        yield Experiment(name, data, recipe, recordings=recordings, tried=part.startswith("levels_"))


def _levels() -> Iterator[Experiment]:
    """Digits 6 to 9 by neurons of three thresholds: four bits, then ternary weights.

    The ternary ones are taught by the network of four bits, or have twice its channels and no teacher.
    """
    four = "nmnist6789_4bit_levels"
    taught = {"weight_bits": 2}, {"teacher_weight": 0.5}, four
    wide: tuple[dict[str, Any], dict[str, Any], None] = {"weight_bits": 2, "width": 2}, {}, None
    for name, (network, changes, start), epochs, rate in (
        (four, ({"weight_bits": 4}, {}, None), 30, 2e-3),
        ("nmnist6789_2bit_levels", taught, 20, 1e-3),
        ("nmnist6789_2bit_levels_longer", taught, 60, 2e-3),
        ("nmnist6789_2bit_levels_wide", wide, 30, 2e-3),
        ("nmnist6789_2bit_levels_wide_longer", wide, 50, 2e-3),
    ):
        training = {"batch": 50, "validation": 0.06, "augmentation": WRITERS, "ema_decay": 0.998}
        training |= {"epochs": epochs, "learning_rate": rate, **changes}
        recipe = _events(name, [3, 2, 1], training=training, neuron={"levels": 3}, **network)
        tried = name not in (four, "nmnist6789_2bit_levels_wide_longer")
        yield Experiment(name, "nmnist6789", recipe, start=start, tried=tried)


def _pretrained(ten: dict[str, Any]) -> Iterator[Experiment]:
    """Ten classes from recordings of MNIST by the emulated camera: tested as they are, then trained further.

    One threshold first, on a sixth of MNIST; then three and twice the channels, which digits 6 to 9 were
    told best by (``left_out_accuracy`` of ``nmnist6789_levels_ema_wide``), on all of it.
    """
    emulated = {"batch": 100, "augmentation": MOVED}
    averaged = {**ten, "ema_decay": 0.99}
    wide: dict[str, Any] = {"neuron": {"levels": 3}, "width": 2}

    def one(name: str, training: dict[str, Any], start: str | None = None, **network: Any) -> Experiment:
        recipe = _events(name, [4, 2, 1], training=training, **network)
        return Experiment(name, "nmnist10", recipe, start=start)

    def shown(name: str, data: str, epochs: int, **network: Any) -> Experiment:
        recipe = _events(name, [4, 2, 1], training={**emulated, "epochs": epochs}, **network)
        return Experiment(name, data, recipe, also_on="nmnist10")

    yield replace(shown("emulated", "emulated", 12), tried=True)
    yield replace(shown("emulated_longer", "emulated", 30), tried=True)
    gently = {**ten, "epochs": 60, "learning_rate": 1e-3}
    yield replace(one("nmnist10_pretrained", gently, "emulated"), tried=True)
    yield replace(one("nmnist10_pretrained_longer", averaged, "emulated"), tried=True)
    yield shown("emulated_wide", "emulated_whole", 3, **wide)
    yield one("nmnist10_wide", averaged, **wide)
    yield one("nmnist10_pretrained_wide", averaged, "emulated_wide", **wide)


@dataclass(frozen=True)
class _Images:
    """A set of images, the network that learns it, and what each phase of IIR-SNN costs in epochs."""

    data: str
    size: dict[str, int]
    network: dict[str, Any]
    training: dict[str, Any]
    conventional: int  # epochs of the network with ReLU
    spiking: tuple[int, ...]  # epochs at 5, 4, 3, 2 and 1 timesteps
    recordings: int | None  # training images, evenly spaced; all of them if not given
    seeds: tuple[int, ...]

    def experiment(self, part: str, phases: list[dict[str, Any]]) -> Experiment:
        name = f"iir_{self.data}{part}"
        recipe = {
            "name": name,
            "images": self.size,
            "network": {"schedule": [1], "neuron": IIR_NEURON, **self.network},
            "training": {"threads": 1, "decline": "steps", **self.training, "epochs": 1},
            "phase": phases,
        }
        return Experiment(name, self.data, recipe, recordings=self.recordings, heavy=True, seeds=self.seeds)


def _iir(images: _Images) -> Iterator[Experiment]:
    """IIR-SNN: a conventional network, thresholds by percentile, then 5, 4, 3, 2 and 1 timesteps.

    Beside it one timestep at once, from the same conventional network and from random weights, each with
    as many epochs at one timestep as the procedure has at all its timesteps together; and from random
    weights once more, with the epochs of the conventional network on top.
    """
    conventional: dict[str, Any] = {
        "name": "ann",
        "network": {"activation": "relu", "schedule": [1], "weight_bits": 32, "dropout": 0.1},
        "training": {"epochs": images.conventional, "learning_rate": 2e-3, "decline": "cosine"},
    }
    steps: list[dict[str, Any]] = [
        {"name": f"t{timesteps}", "network": {"schedule": [timesteps]}, "training": {"epochs": epochs}}
        for timesteps, epochs in zip((5, 4, 3, 2, 1), images.spiking, strict=True)
    ]
    steps[0]["threshold_percentile"] = 90
    yield images.experiment("", [conventional, *steps])
    at_once: dict[str, Any] = {"name": "t1", "training": {"epochs": sum(images.spiking)}}
    yield images.experiment("_at_once", [conventional, {**at_once, "threshold_percentile": 90}])
    yield images.experiment("_direct", [at_once])
    longer = {"name": "t1", "training": {"epochs": images.conventional + sum(images.spiking)}}
    yield images.experiment("_direct_longer", [longer])


def experiments(device: str) -> list[Experiment]:
    """All of them, the most wanted first; VGG16 of full width on a "gpu", of an eighth on a "cpu"."""
    large = device == "gpu"
    ten = {"epochs": 150, "augmentation": MOVED}
    four = {"epochs": 40, "batch": 100, "validation": 0.06, "augmentation": WRITERS}
    moved = {"shift": 4.0, "rotation": 0.0, "scale": 0.0, "shear": 0.0, "flip": True}
    pixels = {"batch": 64, "learning_rate": 5e-4, "weight_decay": 0.05, "validation": 0.05}
    mnist = _Images(
        "mnist",
        {"height": 28, "width": 28, "channels": 1},
        {"layout": "16C3-AP2-32C3-AP2-128D"},
        {**pixels, "augmentation": WRITERS, "integer_share": 0.5},
        conventional=5,
        spiking=(2, 2, 2, 2, 4),
        recordings=12_000,
        seeds=SEEDS,
    )
    cifar = _Images(
        "cifar10",
        {"height": 32, "width": 32, "channels": 3},
        {"layout": "vgg16", "width": 1.0 if large else 0.125},
        {**pixels, "augmentation": moved},
        conventional=20 if large else 12,
        spiking=(4, 2, 2, 2, 4) if large else (1, 1, 1, 1, 4),
        recordings=None if large else 20_000,
        seeds=(0,),
    )
    return [
        *_iir(mnist),
        *_iir(cifar),
        Experiment("nmnist10_4bit", "nmnist10", _events("n4", [4, 2, 1], training=ten)),
        Experiment("nmnist10_2bit", "nmnist10", _events("n2", [4, 2, 1], training=ten, weight_bits=2)),
        *_pretrained(ten),
        *(
            Experiment(
                f"nmnist6789_{bits}bit_width{width}",
                "nmnist6789",
                _events(
                    f"f{bits}", [3, 2, 1], training={**four, "epochs": 60}, weight_bits=bits, width=width
                ),
                tried=True,
            )
            for width in (2, 1)
            for bits in (4, 2)
        ),
        *_levels(),
        # a seventh of the recordings for training, so that the whole comparison takes minutes
        *_ablations("nmnist6789", {"epochs": 42, "augmentation": WRITERS}, recordings=1000),
        *_improvements("nmnist6789", {"epochs": 42, "augmentation": WRITERS}, recordings=1000),
        *_ablations("nmnist10", {**ten, "epochs": 42}),
    ]
