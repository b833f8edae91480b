"""The trained model as an engine: exact integers of every layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from quant_models.network import ShrinkingNetwork
from quant_models.run_folder import Run
from quant_models.torch_engine import ExactNetwork
from quant_models.training import load_best
from ssnn_fpga.network.layers import Activation, Compression, Integers, Network

_BATCH = 100


@dataclass(frozen=True)
class TorchEngine:
    """A trained network in evaluation mode."""

    model: ShrinkingNetwork
    name: str
    classes: tuple[str, ...]

    @classmethod
    def load(cls, run_folder: Path) -> TorchEngine:
        """The best model of a run. Raises UserError where the folder holds no trained run."""
        run = Run.open(run_folder)
        return cls(load_best(run), run.recipe.name, run.classes)

    @property
    def compression(self) -> Compression | None:
        """How events become frames; None where the network sees images."""
        return self.model.recipe.frame_compression()

    @cached_property
    def network(self) -> Network:
        """The integer network. Raises UserError where the recipe's network has none."""
        return self.model.integer_network(self.name, self.classes)

    @cached_property
    def _exact(self) -> ExactNetwork:
        return ExactNetwork(self.network)

    @property
    def input(self) -> Activation:
        """The frames that the network reads."""
        return self.network.input

    @property
    def frame_shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W) of one sample."""
        return self.network.input.shape

    def trace(self, frames: NDArray[np.integer]) -> dict[str, Integers]:
        """Integers of every layer by name, (N, T, C, H, W); "readout" holds the logits (N, O).

        ``frames`` are event counts (N, T, C, H, W).
        """
        traced = self._exact.trace(torch.from_numpy(np.ascontiguousarray(frames, dtype=np.int64)))
        return {name: np.ascontiguousarray(value.numpy()) for name, value in traced.items()}

    def classify(self, frames: NDArray[np.integer]) -> Integers:
        """Class numbers (N,) of frames (N, T, C, H, W): the first largest logit."""
        logits = [
            self._exact.logits(torch.from_numpy(np.ascontiguousarray(batch, dtype=np.int64))).numpy()
            for batch in (frames[i : i + _BATCH] for i in range(0, len(frames), _BATCH))
        ]
        return np.concatenate(logits).argmax(axis=1) if logits else np.zeros(0, dtype=np.int64)
