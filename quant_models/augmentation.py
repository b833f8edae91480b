"""Random changes of training frames that keep event counts whole numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from quant_models.recipe import Augmentation


def augment(frames: Tensor, limits: Augmentation, generator: torch.Generator) -> Tensor:
    """Frames (N, T, C, H, W), floats, each recording under an affine map of its own.

    The map (rotation, scale, shear, shift; uniform within ``limits``) is the same for all timesteps
    of a recording. Cells are looked up, not interpolated: counts stay integers.
    """
    n, t, c, h, w = frames.shape
    draws = torch.rand((6, n), generator=generator) * 2 - 1
    angle = draws[0] * math.radians(limits.rotation)
    shear = draws[1] * limits.shear
    across, down = 1 + draws[2] * limits.scale, 1 + draws[3] * limits.scale
    cosine, sine = torch.cos(angle), torch.sin(angle)
    # grid_sample measures in half frames: a shift of one pixel is 2/W
    right, below = draws[4] * limits.shift * 2 / w, draws[5] * limits.shift * 2 / h
    first = torch.stack([cosine * across, (shear * cosine - sine) * down, right], dim=1)
    second = torch.stack([sine * across, (shear * sine + cosine) * down, below], dim=1)
    grid = functional.affine_grid(torch.stack([first, second], dim=1), [n, 1, h, w], align_corners=False)
    moved = functional.grid_sample(frames.flatten(1, 2), grid, mode="nearest", align_corners=False)
    return moved.reshape(n, t, c, h, w)
