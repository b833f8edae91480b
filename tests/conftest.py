"""What tests of several stations share: an untrained model as file and engine, and real data if there."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from sim import coverage

CHECKOUT = Path(__file__).parents[1]


def pytest_configure(config):
    """Benches leave the coverage points that they meet in one folder, whichever process runs them."""
    if not hasattr(config, "workerinput"):
        os.environ["SSNN_FPGA_POINTS"] = tempfile.mkdtemp(prefix="points-")
    os.environ["SSNN_FPGA_CACHE"] = ""  # no test reads frames that an earlier run has left


def pytest_sessionfinish(session, exitstatus):
    """A run of all of tests/hardware that passes fails all the same when a point is missing."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop("SSNN_FPGA_POINTS"))
    if exitstatus == 0 and _runs_every_bench(config):
        points = coverage.missing(folder)
        if points:
            print(f"\ncoverage points that no bench met: {'; '.join(points)}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(folder)


def _runs_every_bench(config):
    """Whether tests/hardware is asked for whole: itself or a folder above it, and nothing left out."""
    benches = config.rootpath / "tests" / "hardware"
    asked = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    narrower = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise", "collectonly")
    return any(benches.is_relative_to(path) for path in asked) and not any(
        config.getoption(name, None) for name in narrower
    )


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
    return TorchEngine(model.eval(), recipe.name, classes)


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
