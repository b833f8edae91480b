"""The epochs of one training, run by Lightning on a processor, a GPU, or several of them."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from rich.console import Console

from quant_models.network import ShrinkingNetwork
from quant_models.run_folder import Run
from quant_models.samples import AnySamples


@dataclass(frozen=True)
class Machines:
    """What trains: processes on a machine, machines, and "cpu", "gpu" or "auto".

    Lightning starts the other processes of a machine by running the same command again; of several
    machines each is given the command, with the environment that torchrun or Slurm sets.
    """

    processes: int = 1
    nodes: int = 1
    accelerator: str = "cpu"

    @property
    def device(self) -> torch.device:
        """Where this process evaluates."""
        gpu = self.accelerator in ("gpu", "cuda", "auto") and torch.cuda.is_available()
        return torch.device("cuda" if gpu else "cpu")


ONE_PROCESSOR = Machines()


def is_first_process() -> bool:
    """Whether this process writes the files: with several, each runs the whole program."""
    from lightning.pytorch.utilities import rank_zero_only

    return bool(rank_zero_only.rank == 0)


def run_epochs(
    run: Run,
    model: ShrinkingNetwork,
    training: AnySamples,
    validation: AnySamples,
    teacher: ShrinkingNetwork | None,
    show: Any,
    machines: Machines,
) -> None:
    """The epochs that are left, by Lightning; an interrupt leaves the last whole epoch's checkpoint."""
    from lightning.pytorch import Trainer

    from quant_models.learner import Learner

    learner = Learner(run, model, training, validation, teacher, show)
    handler = signal.getsignal(signal.SIGINT)
    with _quiet_lightning():
        trainer = Trainer(
            max_epochs=run.recipe.training.epochs,
            accelerator=machines.accelerator,
            devices=machines.processes,
            num_nodes=machines.nodes,
            strategy="ddp" if machines.processes * machines.nodes > 1 else "auto",
            precision=run.recipe.training.precision,
            deterministic=machines.device.type == "cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        checkpoint = run.folder / "checkpoint.pt"
        interrupted = False
        try:
            trainer.fit(
                learner, ckpt_path=str(checkpoint) if checkpoint.exists() else None, weights_only=True
            )
        except (KeyboardInterrupt, SystemExit):  # Lightning exits where it caught an interrupt
            interrupted = True
        finally:
            if threading.current_thread() is threading.main_thread():  # in others there is no handler to set
                signal.signal(signal.SIGINT, handler)  # it has told the process to ignore the next one
    if interrupted or trainer.interrupted:
        Console(stderr=True).print(
            f"Stopped after epoch {len(run.metrics())} of {run.recipe.training.epochs}. "
            f"The same command goes on from there ({run.folder})."
        )
        raise KeyboardInterrupt


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Silence what Lightning says about hardware it found and workers it would like."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
