"""A run's early classifiers as early exits: the network that keeps them, and samples to choose margins on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quant_models.engine import TorchEngine
from quant_models.reading import Data, load_splits
from quant_models.run_folder import Run
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.early_exit import with_margins
from ssnn_fpga.golden.exits import exit_order
from ssnn_fpga.network.layers import Integers, Logits, Network
from ssnn_fpga.network.shapes import edges


def with_early_exits(run_folder: Path) -> Network:
    """The best network of a run with its early classifiers kept; nobody leaves by them yet.

    Raises UserError where the folder holds no trained run, or a network without early classifiers.
    """
    engine = TorchEngine.load(run_folder)
    if not len(engine.model.early):
        raise UserError(f"{run_folder} holds a network of one stage: there are no early classifiers to keep.")
    margins = (1,) * len(engine.model.early)
    network = engine.model.integer_network(engine.name, engine.classes, margins)
    edge_of = edges(network)
    never = {}
    for head in exit_order(network)[:-1]:
        edge = edge_of[head]
        assert isinstance(edge, Logits)
        never[head] = edge.maximum - edge.minimum + 1
    return with_margins(network, never)


def validation_samples(run_folder: Path, data: Data) -> tuple[Integers, Integers]:
    """Frames (N, T, C, H, W) and classes (N,) of the samples that the run's weights have not seen.

    Raises UserError where the data are not those of the run.
    """
    run = Run.open(run_folder)
    splits = load_splits(run.recipe, data)
    if splits.digest() != run.digest:
        raise UserError(f"{run_folder} was trained on other data ({run.data}): give that.")
    held_out = splits.validation.loaded()
    return held_out.frames.numpy().astype(np.int64), held_out.labels.numpy()
