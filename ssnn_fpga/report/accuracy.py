"""Accuracy with the interval that belongs to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers

_Z95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


@dataclass(frozen=True)
class Accuracy:
    """``correct`` of ``samples`` recordings classified as labelled."""

    correct: int
    samples: int

    @property
    def fraction(self) -> float:
        """Accuracy in 0..1."""
        return self.correct / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson score interval: honest for few samples and near 100 %, unlike the normal one."""
        n, p = self.samples, self.fraction
        centre = (p + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
        half = _Z95 * math.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n * n)) / (1 + _Z95**2 / n)
        return (max(0.0, centre - half), min(1.0, centre + half))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.fraction:.1f} % (95 % interval {100 * low:.1f}–{100 * high:.1f})"


def measure(classes: Integers, labels: Integers) -> Accuracy:
    """Compare predicted class numbers (N,) with labels (N,). Raises UserError without recordings."""
    if classes.shape != labels.shape or labels.size == 0:
        raise UserError(
            f"There are {labels.size} labelled recordings for {classes.size} predictions: "
            "give a data folder with at least one recording in the chosen split."
        )
    return Accuracy(int((classes == labels).sum()), int(labels.size))


def confusion(classes: Integers, labels: Integers, count: int) -> Integers:
    """Recordings by given class (rows) and predicted class (columns): (count, count)."""
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (labels, classes), 1)
    return table
