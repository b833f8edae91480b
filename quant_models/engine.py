"""The trained model as an engine: exact integers of every layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from quant_models.network import ShrinkingNetwork
from quant_models.run_folder import Run
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Compression, Integers

_BATCH = 100


@dataclass(frozen=True)
class TorchEngine:
    """A trained network in evaluation mode."""

    model: ShrinkingNetwork
    name: str
    classes: tuple[str, ...]
    compression: Compression

    @classmethod
    def load(cls, run_folder: Path) -> TorchEngine:
        """The best model of a run. Raises UserError where the folder holds no trained run."""
        run = Run.open(run_folder)
        best = run.read_tensors("best.pt")
        if best is None:
            raise UserError(f"{run_folder} holds no finished epoch: train it first.")
        model = ShrinkingNetwork(run.recipe, len(run.classes))
        model.load_state_dict(best["model"])
        return cls(model.eval(), run.recipe.name, run.classes, run.recipe.frame_compression())

    @property
    def frame_shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W) of one sample."""
        factor = self.compression.spatial_factor
        height, width = self.compression.sensor_height // factor, self.compression.sensor_width // factor
        return (self.compression.timesteps, 2, height, width)

    def trace(self, frames: NDArray[np.integer]) -> dict[str, Integers]:
        """Integers of every layer by name, (N, T, C, H, W); "readout" holds the logits (N, O).

        ``frames`` are event counts (N, T, 2, H, W).
        """
        traced = self.model.trace(torch.from_numpy(np.ascontiguousarray(frames, dtype=np.int64)))
        return {name: np.ascontiguousarray(value.numpy()) for name, value in traced.items()}

    def classify(self, frames: NDArray[np.integer]) -> Integers:
        """Class numbers (N,) of frames (N, T, 2, H, W): the first largest logit."""
        logits = [self.trace(frames[i : i + _BATCH])["readout"] for i in range(0, len(frames), _BATCH)]
        return np.concatenate(logits).argmax(axis=1) if logits else np.zeros(0, dtype=np.int64)
