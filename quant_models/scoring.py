"""Accuracy of a network by its integers and by its float path."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from quant_models.network import ShrinkingNetwork
from quant_models.samples import AnySamples
from quant_models.torch_engine import ExactNetwork

_BATCH = {"cpu": 100, "cuda": 500}


@dataclass(frozen=True)
class Score:
    """Accuracies by the two paths, and the integer logits' cross-entropy, which breaks ties.

    A network without integers has the float path's for both.
    """

    integer: float
    real: float
    loss: float

    def better_than(self, other: Score | None) -> bool:
        """Whether this epoch is the one to keep."""
        return other is None or (self.integer, -self.loss) > (other.integer, -other.loss)


@torch.no_grad()
def evaluate(model: ShrinkingNetwork, samples: AnySamples) -> Score:
    """Score of ``model`` on ``samples``; leaves it in evaluation mode."""
    device = next(model.parameters()).device
    model.eval()
    exact, scale = None, 1.0
    if model.network.inexact is None:
        exact = ExactNetwork(model.integer_network(), device)
        scale = model.logit_scale()
    integer, real, loss = 0, 0, 0.0
    for batch in samples.batches(_BATCH.get(device.type, 100)):
        frames, labels = batch.frames.to(device), batch.labels.to(device)
        unrounded = model.float_logits(frames)
        logits = unrounded if exact is None else exact.logits(frames)
        integer += int((logits.argmax(1) == labels).sum())
        real += int((unrounded.argmax(1) == labels).sum())
        loss += float(functional.cross_entropy(logits.double() * scale, labels, reduction="sum"))
    return Score(integer / len(samples), real / len(samples), loss / len(samples))
