"""One training as Lightning sees it: batches, loss, optimiser, what an epoch leaves behind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from quant_models.augmentation import augment, draws
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import TrainingRecipe
from quant_models.run_folder import Run, write_aside
from quant_models.samples import AnySamples, Samples, batch_loader, delivered
from quant_models.scoring import Score, evaluate
from ssnn_fpga.errors import UserError

_WARMUP_EPOCHS = 2
_CHECKED = 50  # batches between looks at whether the loss is a number


class Learner(LightningModule):
    """Trains one network.

    Every process draws the whole global batch's order and augmentation and takes its share, and
    all randomness of an epoch comes from (seed, epoch). So several processes train what one does,
    and a resumed run draws what an uninterrupted one would have drawn.
    """

    def __init__(
        self,
        run: Run,
        model: ShrinkingNetwork,
        training: AnySamples,
        validation: AnySamples,
        teacher: ShrinkingNetwork | None = None,
        show: Callable[[float, dict[str, float]], None] = lambda epochs, metrics: None,
    ) -> None:
        super().__init__()
        self.run_folder, self.model, self.settings = run, model, run.recipe.training
        self.averaged: AveragedModel | None = None
        if self.settings.ema_decay:
            # Lightning's callback would exchange the weights for its own validation loop, which is not used
            average = get_ema_multi_avg_fn(self.settings.ema_decay)
            self.averaged = AveragedModel(model, multi_avg_fn=average, use_buffers=True)
            self.averaged.requires_grad_(False)
        self.metrics: list[dict[str, float]] = []
        self.best: Score | None = None
        self.best_epoch = 0
        self._training, self._validation = training, validation
        self._teacher = (teacher,)  # in a tuple: no part of this module's weights
        self._show = show

    @property
    def scored(self) -> ShrinkingNetwork:
        """The network that is scored and kept: the moving average of the weights, where there is one."""
        return self.model if self.averaged is None else cast(ShrinkingNetwork, self.averaged.module)

    def train_dataloader(self) -> DataLoader[Samples | UserError]:
        """This process's share of every batch of an epoch."""
        return batch_loader(self._training, _Shares(self))

    def shuffled(self) -> tuple[tuple[Tensor, ...], torch.Generator]:
        """Rows of the epoch's batches, of all processes, and where its further random numbers come from."""
        generator = torch.Generator().manual_seed(self._epoch_seed())
        order = torch.randperm(len(self._training), generator=generator)
        return order.split(self.settings.batch), generator

    def _epoch_seed(self) -> int:
        return self.settings.seed * 1_000_003 + self.current_epoch

    def share(self) -> slice:
        """Which rows of a batch are this process's."""
        return slice(self.global_rank, None, self.trainer.world_size)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Thresholds, leaks, batch norm, biases and transformer rows do not decay."""
        named = [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]
        decayed = [p for name, p in named if p.dim() > 1 and not name.startswith("shrinks")]
        chosen = {id(p) for p in decayed}
        kept = [p for _, p in named if id(p) not in chosen]
        rate, decay = self.settings.learning_rate, self.settings.weight_decay
        groups = [{"params": decayed, "weight_decay": decay}, {"params": kept, "weight_decay": 0.0}]
        if self.settings.optimiser == "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=0.9)
        if self.settings.optimiser == "adam":
            return torch.optim.Adam(groups, lr=rate, amsgrad=True)
        return torch.optim.AdamW(groups, lr=rate)

    def on_fit_start(self) -> None:
        """Bring data that lie in memory to the device, once."""
        self._training, self._validation = (
            each.to(self.device) for each in (self._training, self._validation)
        )
        for teacher in self._teacher:
            if teacher is not None:
                teacher.to(self.device).eval()

    # An epoch

    def on_train_epoch_start(self) -> None:
        """Order, random numbers and phase of the epoch."""
        epoch = self.current_epoch
        if epoch >= self.run_folder.recipe.integer_from and not self.model.integer_phase:
            self.model.enter_integer_phase()
        if epoch == self.run_folder.recipe.integer_from:
            self.best = None  # one of many epochs shines by chance: compare the last ones only
        torch.manual_seed(self._epoch_seed() * 1_009 + self.global_rank)  # for dropout
        self._batches, self._generator = self.shuffled()
        self._losses: list[Tensor] = []
        self._right = torch.zeros((), dtype=torch.long, device=self.device)
        self._began = time.perf_counter()
        self.model.train()

    def training_step(self, given: Samples | UserError, batch_idx: int) -> Tensor:
        """Loss of this process's share of a batch. Raises UserError for a sample that is broken."""
        settings = self.settings
        for group in self.optimizers().param_groups:  # type: ignore[union-attr]
            group["lr"] = learning_rate(settings, self.current_epoch + batch_idx / len(self._batches))
        batch, rows = delivered(given), len(self._batches[batch_idx])
        drawn = draws(rows, self._generator)[:, self.share()]
        frames = augment(batch.frames.float(), settings.augmentation, drawn.to(self.device))
        logits, early = self.model.logits(frames)
        loss = functional.cross_entropy(logits, batch.labels, label_smoothing=settings.label_smoothing)
        if settings.teacher_weight:
            loss = self._distilled(loss, logits, frames)
        for each in early if settings.early_weight else ():
            loss = loss + settings.early_weight * functional.cross_entropy(each, batch.labels)
        # the processes' gradients are averaged: a larger share weighs more
        loss = loss * (len(batch) * self.trainer.world_size / rows)
        self._losses.append(loss.detach() * rows)
        self._right += (logits.detach().argmax(1) == batch.labels).sum()
        if len(self._losses) % _CHECKED == 0:
            self._check_losses()
            done = self.current_epoch + len(self._losses) / len(self._batches)
            self._show(done, self.metrics[-1] if self.metrics else {})
        return loss

    def _distilled(self, loss: Tensor, logits: Tensor, frames: Tensor) -> Tensor:
        """The loss with a share of the divergence from the teacher's softened classes."""
        (teacher,) = self._teacher
        assert teacher is not None
        share, heat = self.settings.teacher_weight, self.settings.teacher_temperature
        soft = functional.softmax(teacher.float_logits(frames) / heat, dim=1)
        divergence = functional.kl_div(
            functional.log_softmax(logits / heat, dim=1), soft, reduction="batchmean"
        )
        return (1 - share) * loss + share * heat**2 * divergence

    def _check_losses(self) -> None:
        """Raises UserError, naming the first step whose loss is no number."""
        finite = torch.isfinite(torch.stack(self._losses))
        if not finite.all():
            step = int((~finite).nonzero()[0])
            raise UserError(
                f"{self.run_folder.folder}: the loss is not a number from step {step + 1} of epoch "
                f"{self.current_epoch + 1} on. The checkpoint of epoch {self.current_epoch} is kept; "
                "lower training.learning_rate."
            )

    def on_train_batch_end(self, *_: object) -> None:
        """Take the step's weights into their moving average."""
        if self.averaged is not None:
            self.averaged.update_parameters(self.model)

    def on_train_epoch_end(self) -> None:
        """Score on the validation samples, keep what is best, write the checkpoint."""
        self._check_losses()
        total = torch.stack([torch.stack(self._losses).sum(), self._right.float()])
        total = self.trainer.strategy.reduce(total, reduce_op="sum")
        loss, right = (total / len(self._training)).tolist()
        score, epoch = evaluate(self.scored, self._validation), self.current_epoch + 1
        if score.better_than(self.best):
            self.best, self.best_epoch = score, epoch
            if self.trainer.is_global_zero:
                self.run_folder.write_tensors("best.pt", {"model": self.scored.state_dict()})
        self.metrics.append(
            {
                "epoch": epoch,
                "integer_phase": self.model.integer_phase,
                "loss": loss / self.trainer.world_size,
                "training_accuracy": right,
                "validation_integer_accuracy": score.integer,
                "validation_float_accuracy": score.real,
                "validation_loss": score.loss,
                "seconds": time.perf_counter() - self._began,
            }
        )
        self._write()
        self._show(epoch, self.metrics[-1])

    def _write(self) -> None:
        path = self.run_folder.folder / "checkpoint.pt"
        if self.trainer.is_global_zero:
            write_aside(path, self.trainer.save_checkpoint)
            self.run_folder.write_json("metrics.json", self.metrics)
        else:
            self.trainer.save_checkpoint(path)  # takes part, writes nothing

    # Checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what a checkpoint holds beside weights and optimiser."""
        assert self.best is not None
        checkpoint["learner"] = {
            "best": vars(self.best),
            "best_epoch": self.best_epoch,
            "metrics": self.metrics,
            "integer_phase": self.model.integer_phase,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take it back."""
        kept = checkpoint["learner"]
        self.best, self.best_epoch = Score(**kept["best"]), kept["best_epoch"]
        self.metrics = kept["metrics"]
        if kept["integer_phase"]:
            self.model.enter_integer_phase()


class _Shares:
    """The rows of this process's share of every batch, for the epoch in which they are asked for."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def __len__(self) -> int:
        return len(self._learner.shuffled()[0])

    def __iter__(self) -> Iterator[list[int]]:
        batches, _ = self._learner.shuffled()
        for rows in batches:
            yield rows[self._learner.share()].tolist()


def learning_rate(settings: TrainingRecipe, epoch: float) -> float:
    """Rate at ``epoch`` (with fractions): linear warm-up and a cosine to zero, or falling in steps."""
    if settings.decline == "steps":
        passed = sum(epoch >= share * settings.epochs for share in settings.steps)
        return settings.learning_rate / settings.step_factor**passed
    warmup = min(1.0, (epoch + 0.1) / _WARMUP_EPOCHS)
    return settings.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * epoch / settings.epochs))
