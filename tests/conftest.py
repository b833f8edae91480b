"""What tests of several stations share: an untrained model as file and engine, and real data if there."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def untrained_engine():
    """The demo's network with random weights: quick to make, and exported like a trained one."""
    import torch

    from quant_models.engine import TorchEngine
    from quant_models.network import ShrinkingNetwork
    from quant_models.recipe import load_recipe

    recipe = load_recipe("nmnist")
    torch.manual_seed(1)
    model = ShrinkingNetwork(recipe, 10)
    classes = tuple(str(digit) for digit in range(10))
    return TorchEngine(model.eval(), recipe.name, classes, recipe.frame_compression())


@pytest.fixture(scope="session")
def untrained_model(untrained_engine, tmp_path_factory):
    """Its QONNX file."""
    import onnx

    from quant_models.export import to_qonnx

    path = tmp_path_factory.mktemp("untrained") / "model.onnx"
    onnx.save(to_qonnx(untrained_engine), path)
    return path


@pytest.fixture(scope="session")
def real_nmnist():
    """The folder of real N-MNIST recordings, or None where this machine has none."""
    for folder in (os.environ.get("SSNN_FPGA_DATA"), CHECKOUT.parent / "shared" / "data"):
        if folder is not None and list(Path(folder).glob("**/nmnist_10class_1100.tar.xz")):
            return Path(folder)
    return None
