"""Training on images: real MNIST and CIFAR-10 where the machine has them, in memory or from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from quant_models.engine import TorchEngine
from quant_models.export import export
from quant_models.reading import IN_MEMORY, Reading, load_splits, splits_reader
from quant_models.recipe import Recipe, load_recipe
from quant_models.samples import StoredSamples
from quant_models.scoring import evaluate
from quant_models.training import load_best, train
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import open_recordings
from ssnn_fpga.events.images import ImageSet, direct_frames, open_images
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.qonnx_import import load
from tests.events.places import shared, write_folder
from tests.learning.networks import network_recipe

FROM_DISK = Reading(memory_bytes=0, workers=0)
BY_WORKERS = Reading(memory_bytes=0, workers=2)


def pictures(folder: Path, channels: int = 3, size: int = 12, seed: int = 0) -> Path:
    """Two classes of noise, bright in the upper or in the lower half."""
    random = np.random.default_rng(seed)
    for split, count in (("train", 40), ("test", 16)):
        for number in range(count):
            pixels = random.integers(0, 60, (size, size, channels), dtype=np.uint8)
            half = slice(0, size // 2) if number % 2 else slice(size // 2, None)
            pixels[half] += 150
            file = folder / split / ("upper" if number % 2 else "lower") / f"{number:03d}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(file)
    return folder


def small_recipe(**training: object) -> Recipe:
    """12 x 12 pixels in colour."""
    content = network_recipe({}, height=12, width=12, channels=3).model_dump()
    content["network"] |= {"schedule": [2, 1], "layout": "4C3-AP2|5C3-AP2"}
    content["training"] |= {"epochs": 3, "batch": 7, "threads": 1, "learning_rate": 0.01, **training}
    return Recipe.model_validate(content)


def weights(run: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(run / "best.pt", weights_only=True)["model"]
    return found


def test_samples_from_disk_train_what_samples_in_memory_do(tmp_path: Path) -> None:
    images, recipe = open_images(pictures(tmp_path / "set")), small_recipe()
    runs = [
        train(recipe, images, tmp_path / str(place), progress=False, reading=reading)
        for place, reading in enumerate((IN_MEMORY, FROM_DISK, BY_WORKERS))
    ]
    assert runs[0].summary()["test_integer_accuracy"] > 0.9
    for run in runs[1:]:
        assert all(torch.equal(weights(run.folder)[name], w) for name, w in weights(runs[0].folder).items())
        figures = ("test_integer_accuracy", "validation_float_accuracy", "best_epoch")
        assert [run.summary()[each] for each in figures] == [runs[0].summary()[each] for each in figures]


def test_recordings_from_disk_train_what_recordings_in_memory_do(tmp_path: Path) -> None:
    recipe = network_recipe({})
    content = recipe.model_dump()
    content["compression"] |= {"sensor_height": 34, "sensor_width": 34, "window_us": 306_000}
    content["training"] |= {"threads": 1}
    recipe = Recipe.model_validate(content)
    recordings = open_recordings(write_folder(tmp_path / "set"))
    runs = [
        train(recipe, recordings, tmp_path / str(place), progress=False, reading=reading)
        for place, reading in enumerate((IN_MEMORY, BY_WORKERS))
    ]
    first, second = (weights(run.folder) for run in runs)
    assert all(torch.equal(second[name], value) for name, value in first.items())


def test_thresholds_are_set_from_images_on_disk(tmp_path: Path) -> None:
    content = small_recipe().model_dump()
    content["phase"] = [{"name": "only", "threshold_percentile": 90}]
    images = open_images(pictures(tmp_path / "set"))
    recipe = Recipe.model_validate(content)
    run = train(recipe, images, tmp_path / "run", progress=False, reading=FROM_DISK)
    assert load_best(run).state_dict()["stages.0.0.neurons.log_threshold"] != 0


@pytest.mark.parametrize("reading", [IN_MEMORY, FROM_DISK, BY_WORKERS], ids=["memory", "disk", "workers"])
def test_a_broken_picture_is_one_sentence(tmp_path: Path, reading: Reading) -> None:
    folder = pictures(tmp_path / "set")
    images = open_images(folder)
    (folder / "train" / "upper" / "005.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"upper/005\.png: the picture cannot be read") as fault:
        train(small_recipe(validation=0.5), images, tmp_path / "run", progress=False, reading=reading)
    assert "\n" not in str(fault.value)


def test_a_validation_split_is_used_and_a_test_split_not_needed(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set")
    (folder / "test").rename(folder / "val")
    splits = load_splits(small_recipe(), open_images(folder), FROM_DISK)
    assert [len(splits.training), len(splits.validation), splits.test] == [40, 16, None]
    assert isinstance(splits.validation, StoredSamples)
    whole = load_splits(small_recipe(), open_images(folder))
    assert torch.equal(splits.validation.loaded().frames, whole.validation.loaded().frames)
    (folder / "train").rename(folder / "test")
    with pytest.raises(UserError, match="no train split, only validation, test"):
        load_splits(small_recipe(), open_images(folder))


def test_phases_read_the_same_images_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from quant_models import reading

    counted: list[str] = []
    whole = direct_frames
    monkeypatch.setattr(
        reading, "direct_frames", lambda *given, **more: counted.append(given[1]) or whole(*given, **more)
    )
    splits = splits_reader(open_images(pictures(tmp_path / "set")))
    first, second = splits(small_recipe()), splits(small_recipe(seed=3))
    assert counted == ["train", "test"]
    assert first.digest() != second.digest()  # another seed holds out others
    assert first.digest() == splits(small_recipe()).digest()


def test_the_kind_of_data_must_be_the_recipe_s(tmp_path: Path) -> None:
    images = open_images(pictures(tmp_path / "images"))
    recordings = open_recordings(write_folder(tmp_path / "recordings"))
    with pytest.raises(UserError, match=r"is for images, but recordings holds recordings: .*images:PATH"):
        load_splits(small_recipe(), recordings)
    with pytest.raises(UserError, match=r"is for recordings, but images holds images: .*emulated:PATH"):
        load_splits(network_recipe({}), images)


def _some(images: ImageSet, train_images: int, test_images: int) -> ImageSet:
    """Evenly spaced images, so that all classes are among them."""
    counts = {"train": train_images, "test": test_images}
    chosen = [
        entries[i * len(entries) // counts[split]]
        for split in images.splits
        for entries in [images.entries(split)]
        for i in range(counts[split])
    ]
    return ImageSet(images.name, chosen, images.classes)


@pytest.mark.parametrize(
    ("name", "folder"), [("iir_mnist_small", "mnist_idx"), ("iir_cifar10_narrow", "cifar10_jpeg")]
)
def test_a_bundled_recipe_and_every_spike_of_its_export(
    tmp_path: Path, name: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One epoch of each phase, from ReLU down to one timestep; torch against golden at 5 and at 1."""
    place = shared(folder)
    with capsys.disabled():
        print(f"\n{name} learns from {place or 'noise of two classes, for want of the real images'}")
    recipe = load_recipe(name)
    content = recipe.model_dump()
    for phase in content["phase"]:
        phase["training"]["epochs"] = 1
    content["training"]["threads"] = 1
    assert [phase["network"].get("schedule", (1,))[0] for phase in content["phase"][1:]] == [5, 4, 3, 2, 1]
    if place is None:
        assert recipe.images is not None
        images = open_images(pictures(tmp_path / "set", recipe.images.channels, recipe.images.height))
    else:
        images = _some(open_images(place), 60, 10)
    run = train(Recipe.model_validate(content), images, tmp_path / "run", progress=False)
    for trained in (run.folder / "phase2_t5", run.folder):
        engine = TorchEngine.load(trained)
        network = load(export(trained, tmp_path / "model.onnx"))
        test = direct_frames(images, "test", network.input, network.classes)
        golden, values = run_golden(network, test.frames.astype(np.int64)), engine.trace(test.frames)
        assert set(golden) == set(values)
        for layer, expected in values.items():
            np.testing.assert_array_equal(golden[layer], expected, err_msg=layer)
        assert sum(value.size for layer, value in golden.items() if layer.startswith("lif")) > 5_000
        splits = load_splits(engine.model.recipe, images)
        assert splits.test is not None
        score = evaluate(engine.model, splits.test)
        assert score.integer == float((golden["readout"].argmax(1) == test.labels).mean())
