"""The bundled recipe, cut short, on recordings: N-MNIST where the machine has it, else emulated digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quant_models.engine import TorchEngine
from quant_models.export import export
from quant_models.recipe import load_recipe
from quant_models.training import train
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.qonnx_import import load


def test_a_few_epochs_learn_and_the_file_repeats_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings, description = find_recordings()
    with capsys.disabled():
        print(f"\nlearning from {description}")
    recipe = load_recipe("nmnist")
    # one thread: beside other tests, a second one mostly waits, and burns a processor while it does
    short = recipe.training.model_copy(update={"epochs": 6, "threads": 1})
    recipe = recipe.model_copy(update={"training": short})
    run = train(recipe, recordings, tmp_path / "run", progress=False)
    test = load_frames(recordings, "test", recipe.frame_compression(), classes=recordings.classes())
    engine = TorchEngine.load(run.folder)
    accuracy = float((engine.classify(test.frames) == test.labels).mean())
    assert accuracy == run.summary()["test_integer_accuracy"]
    assert accuracy > 0.5  # ten classes; six epochs of the demo's training

    network = load(export(run.folder, tmp_path / "model.onnx"))
    golden, torch = run_golden(network, test.frames[:20].astype(np.int64)), engine.trace(test.frames[:20])
    assert set(golden) == set(torch)
    for name, expected in torch.items():
        np.testing.assert_array_equal(golden[name], expected, err_msg=name)
