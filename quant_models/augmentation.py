"""Random changes of training frames that keep event counts whole numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from quant_models.recipe import Augmentation


def draws(samples: int, generator: torch.Generator) -> Tensor:
    """Random numbers (7, N) in -1 ... 1, all that ``augment`` needs for that many recordings."""
    return torch.rand((7, samples), generator=generator) * 2 - 1


def augment(frames: Tensor, limits: Augmentation, drawn: Tensor) -> Tensor:
    """Frames (N, T, C, H, W), floats, each recording under an affine map of its own.

    The map (rotation, scale, shear, shift; uniform within ``limits``; mirrored if asked) is the same
    for all timesteps of a recording. Cells are looked up, not interpolated: counts stay integers.
    """
    n, t, c, h, w = frames.shape
    angle = drawn[0] * math.radians(limits.rotation)
    shear = drawn[1] * limits.shear
    across, down = 1 + drawn[2] * limits.scale, 1 + drawn[3] * limits.scale
    if limits.flip:
        across = across * torch.where(drawn[6] < 0, -1.0, 1.0)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    # grid_sample measures in half frames: a shift of one pixel is 2/W
    right, below = drawn[4] * limits.shift * 2 / w, drawn[5] * limits.shift * 2 / h
    first = torch.stack([cosine * across, (shear * cosine - sine) * down, right], dim=1)
    second = torch.stack([sine * across, (shear * sine + cosine) * down, below], dim=1)
    grid = functional.affine_grid(torch.stack([first, second], dim=1), [n, 1, h, w], align_corners=False)
    moved = functional.grid_sample(frames.flatten(1, 2), grid, mode="nearest", align_corners=False)
    return moved.reshape(n, t, c, h, w)
