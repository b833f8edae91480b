"""Training speed against snnTorch, and of quantised against float training, as ratios taken in one run.

- the neuron alone: forward and backward over the timesteps, snnTorch's Leaky with the same leak,
  threshold, reset by subtraction and arctangent surrogate;
- the whole float network: the same convolutions, batch norm, pooling and dense layer around either
  neuron, one optimiser step on the same batch;
- quantised-aware training (4 bits) of the whole network against float training.

Rounds of all variants are interleaved, and each ratio is the median of the rounds' ratios. Exits 1
when a target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable

import snntorch
import torch
from snntorch import surrogate
from torch import Tensor, nn
from torch.nn import functional

from quant_models.network import ShrinkingNetwork
from quant_models.neuron import Firing, integrate_and_fire
from quant_models.recipe import FLOAT_BITS, Recipe

TIMESTEPS, BATCH, CHANNELS = 4, 50, (16, 32, 64)
DECAY = 0.5
TARGETS = {"neuron": 1.5, "network": 1.0, "quantised_over_float": 1.3}
_ARCTANGENT = Firing(surrogate="arctangent")


def _ours(current: Tensor) -> Tensor:
    return integrate_and_fire(current, torch.ones((), device=current.device), DECAY, firing=_ARCTANGENT)


class _Leaky(nn.Module):
    """snnTorch's neuron over all timesteps (T, N, C, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        # its reset is one step late by default; with reset_delay off it is that of the step of the spike
        self.leaky = snntorch.Leaky(
            beta=DECAY, threshold=1.0, spike_grad=surrogate.atan(alpha=2.0), reset_delay=False
        )

    def forward(self, current: Tensor) -> Tensor:
        membrane, spikes = self.leaky.reset_mem(), []
        for step in current:
            spike, membrane = self.leaky(step, membrane)
            spikes.append(spike)
        return torch.stack(spikes)


class _Theirs(nn.Module):
    """The network of ``_recipe`` in floating point, of plain torch layers around snnTorch's neurons."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [2, *CHANNELS]
        pairs = list(itertools.pairwise(sizes))
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for o in CHANNELS)
        self.neurons = nn.ModuleList(_Leaky() for _ in CHANNELS)
        self.dense = nn.Linear(CHANNELS[-1] * 4 * 4, 10)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (N, O) of frames (N, T, 2, H, W)."""
        x = frames.transpose(0, 1).float()
        for conv, norm, neurons in zip(self.convs, self.norms, self.neurons, strict=True):
            current = norm(conv(x.flatten(0, 1).contiguous(memory_format=torch.channels_last)))
            x = neurons(current.unflatten(0, x.shape[:2]))
            x = functional.max_pool2d(x.flatten(0, 1), 2).unflatten(0, x.shape[:2])
        return self.dense(x.flatten(2).mean(dim=0))


def _recipe(bits: int) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "speed",
            "compression": {"window_us": 1000, "bits": 2},
            "network": {
                "schedule": [TIMESTEPS] * 3,
                "weight_bits": bits,
                "neuron": {"surrogate": "arctangent"},
            },
            "training": {"epochs": 1},
        }
    )


def _step(model: nn.Module, logits: Callable[[Tensor], Tensor], frames: Tensor, labels: Tensor) -> None:
    model.zero_grad(set_to_none=True)
    functional.cross_entropy(logits(frames), labels).backward()
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.data.add_(parameter.grad, alpha=-0.01)


def _variants(device: torch.device) -> dict[str, Callable[[], object]]:
    torch.manual_seed(0)
    current = torch.randn(TIMESTEPS, BATCH, 32, 34, 34, device=device)
    towards = torch.randn_like(current)
    frames = torch.randint(0, 4, (BATCH, TIMESTEPS, 2, 34, 34), device=device)
    labels = torch.randint(0, 10, (BATCH,), device=device)
    theirs, leaky = _Theirs().to(device), _Leaky().to(device)
    networks = {bits: ShrinkingNetwork(_recipe(bits), 10).to(device) for bits in (FLOAT_BITS, 4)}

    def neuron(function: Callable[[Tensor], Tensor]) -> Callable[[], object]:
        def run() -> None:
            leaf = current.detach().requires_grad_()
            (function(leaf) * towards).sum().backward()

        return run

    def network(bits: int) -> Callable[[], object]:
        model = networks[bits]
        return lambda: _step(model, lambda x: model.logits(x)[0], frames, labels)

    return {
        "neuron": neuron(_ours),
        "neuron, snnTorch": neuron(leaky),
        "network": network(FLOAT_BITS),
        "network, snnTorch": lambda: _step(theirs, theirs, frames, labels),
        "network, 4 bits": network(4),
    }


def measure(device: torch.device, rounds: int) -> dict[str, float]:
    """Milliseconds of every variant, medians, and the ratios of the targets."""
    variants = _variants(device)
    times: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds + 2):
        for name, run in variants.items():
            _wait(device)
            began = time.perf_counter()
            run()
            _wait(device)
            if number >= 2:
                times[name].append(1e3 * (time.perf_counter() - began))

    def ratio(over: str, under: str) -> float:
        return statistics.median(a / b for a, b in zip(times[over], times[under], strict=True))

    return {
        **{f"{name} (ms)": statistics.median(values) for name, values in times.items()},
        "neuron": ratio("neuron, snnTorch", "neuron"),
        "network": ratio("network, snnTorch", "network"),
        "quantised_over_float": ratio("network, 4 bits", "network"),
    }


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> int:
    """Print the figures; 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    figures = measure(torch.device(arguments.device), arguments.rounds)
    print(
        json.dumps({**figures, "targets": TARGETS}, indent=2)
        if arguments.json
        else "\n".join(f"{key:28} {value:.3g}" for key, value in figures.items())
    )
    met = (
        figures["neuron"] >= TARGETS["neuron"]
        and figures["network"] >= TARGETS["network"]
        and figures["quantised_over_float"] <= TARGETS["quantised_over_float"]
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
