"""Trains the embedded model: first the tower on patch labels, then everything on packed questions.

    python train.py tower --out RUN --minutes 10
    python train.py joint --out RUN --minutes 90        # starts from RUN/tower.pt, or goes on from RUN/joint.pt

The learning rate rises, stays, and falls to zero over the last part of a run, whose length is given in steps or in
minutes (on a shared machine nobody knows how many steps fit). On a processor start one single-threaded process a
core with `torchrun --nproc-per-node CORES train.py …`: they meet once a step, while threads meet at every operation
and stall each other as soon as anyone else uses the machine. A run that stopped early goes on where it stood;
`--again` starts a new rise-stay-fall from the weights and scene index reached, which is how more compute is added.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed
from torch.utils.data import DataLoader
from transformers import LlavaForConditionalGeneration

from batches import Scenes, collate
from learner import Learner
from model import build, configuration
from muon import Muon
from tokenizer import train_tokenizer

# An exported model does not say which scenes it was trained on: further than any run so far.
UNSEEN_FROM = 2_000_000


def optimisers(learner: Learner, options) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of hidden layers, AdamW for embeddings, heads, norms and biases."""
    parts = [learner.tower, learner.heads] if options.phase == "tower" else [learner.model, learner.heads]
    named = [(n, p) for part in parts for n, p in part.named_parameters()]
    hidden = [p for n, p in named if p.ndim == 2 and "layers." in n]
    chosen = {id(p) for p in hidden}
    rest = [p for _, p in named if id(p) not in chosen]
    adam = torch.optim.AdamW(rest, lr=options.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    return [Muon(hidden, lr=options.muon_rate, weight_decay=0.02), adam]


class Run:
    """Progress, schedule, log and checkpoints of one phase."""

    def __init__(self, learner: Learner, options):
        self.learner, self.options = learner, options
        self.rank, self.ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.out = Path(options.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.path = self.out / f"{options.phase}.pt"
        self.optimisers = optimisers(learner, options)
        self.rates = [o.param_groups[0]["lr"] for o in self.optimisers]
        self.step, self.scenes, self.seconds = 0, 0, 0.0
        self.stopping = False
        self._restore()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, *_):
        self.stopping = True

    def _restore(self):
        source = self.path if self.path.exists() else self.out / "tower.pt"
        if not source.exists():
            if self.options.weights:
                exported = LlavaForConditionalGeneration.from_pretrained(self.options.weights, dtype=torch.float32)
                self.learner.model.load_state_dict(exported.state_dict())
                self.scenes = UNSEEN_FROM
            return
        state = torch.load(source, map_location=self.learner.device, weights_only=True)
        self.learner.model.load_state_dict(state["model"])
        self.learner.heads.load_state_dict(state["heads"])
        self.scenes = state["scenes"]
        if source == self.path and not self.options.again:
            for optimiser, saved in zip(self.optimisers, state["optimisers"]):
                optimiser.load_state_dict(saved)
            self.step, self.seconds = state["step"], state["seconds"]

    def save(self):
        if self.rank > 0:
            return
        state = {
            "model": self.learner.model.state_dict(), "heads": self.learner.heads.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers], "step": self.step, "scenes": self.scenes,
            "seconds": self.seconds, "hidden": self.options.hidden,
        }  # fmt: skip
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)

    def progress(self) -> float:
        """0…1 through the phase."""
        done = self.step / self.options.steps if self.options.steps else 0.0
        return max(done, self.seconds / 60 / self.options.minutes if self.options.minutes else 0.0)

    def set_rates(self):
        rise = min(1.0, (self.step + 1) / self.options.rise)
        fall = min(1.0, max(0.0, 1 - self.progress()) / self.options.fall)
        for optimiser, rate in zip(self.optimisers, self.rates):
            for group in optimiser.param_groups:
                group["lr"] = rate * min(rise, fall)

    def train(self):
        loader = DataLoader(
            Scenes(self.learner.packer, self.scenes + self.rank, 1 << 30, self.ranks, self.options.crowded_from),
            self.options.batch // self.ranks, num_workers=self.options.workers,
            collate_fn=lambda s: collate(s, self.learner.packer.prefix), worker_init_fn=_leave_stopping_to_trainer,
        )  # fmt: skip
        saved = logged = clock = time.monotonic()
        sums: dict[str, float] = {}
        logged_step = self.step
        for batch in loader:
            self.set_rates()
            for name, value in self._step(batch).items():
                sums[name] = sums.get(name, 0.0) + value
            now = time.monotonic()
            self.step, self.scenes = self.step + 1, self.scenes + self.options.batch
            self.seconds, clock = self.seconds + now - clock, now
            if now - logged > self.options.log_seconds:
                count = self.step - logged_step
                self.log({n: round(v / count, 4) for n, v in sums.items()}, count * self.options.batch / (now - logged))
                sums, logged, logged_step = {}, now, self.step
            if now - saved > self.options.save_seconds:
                self.save()
                self.report(self.options.held_out)
                saved = clock = time.monotonic()
            if self.stopping or self.progress() >= 1:
                break
        self.save()
        self.report(4 * self.options.held_out)

    def _step(self, batch: dict) -> dict[str, float]:
        batch = {name: value.to(self.learner.device, non_blocking=True) for name, value in batch.items()}
        with self.learner.precision():
            if self.options.phase == "tower":
                loss, numbers = self.learner.patch_loss(self.learner.see(batch["pixels"]), batch["labels"])
            else:
                loss, numbers = self.learner.joint_loss(batch)
        loss.backward()
        self._share()
        for optimiser in self.optimisers:
            torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], 1.0)
            optimiser.step()
            optimiser.zero_grad()
        return {"loss": loss.item(), **numbers}

    def _share(self):
        """Averages the gradients of all processes; one of them stopping, or its clock, stops them all."""
        if self.ranks == 1:
            return
        weights = [p for o in self.optimisers for p in o.param_groups[0]["params"] if p.grad is not None]
        signs = torch.tensor([float(self.stopping), self.seconds / self.ranks])
        flat = torch.cat([*(p.grad.flatten() for p in weights), signs])
        distributed.all_reduce(flat)
        *parts, stopping, seconds = flat.split([*(p.numel() for p in weights), 1, 1])
        for weight, part in zip(weights, parts):
            weight.grad.copy_(part.view_as(weight) / self.ranks)
        self.stopping, self.seconds = bool(stopping > 0), float(seconds)

    def log(self, numbers: dict, rate: float):
        line = {"phase": self.options.phase, "step": self.step, "scenes": self.scenes, "minutes":
                round(self.seconds / 60, 2), "scenes/s": round(rate, 1), **numbers}  # fmt: skip
        self._write(line)

    def report(self, scenes: int):
        if self.options.phase == "joint" and self.rank == 0:
            accuracy = self.learner.held_out_accuracy(scenes)
            self._write({"held_out": scenes, "step": self.step, "minutes": round(self.seconds / 60, 2), **accuracy})

    def _write(self, line: dict):
        if self.rank > 0:
            return
        text = json.dumps(line)
        print(text, flush=True)
        with open(self.out / "log.jsonl", "a") as file:
            file.write(text + "\n")


def _leave_stopping_to_trainer(_):
    """A signal to the whole process group must not take the scenes away before the last checkpoint."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("phase", choices=("tower", "joint"))
    parser.add_argument("--out", required=True, help="folder of checkpoints and log")
    parser.add_argument("--minutes", type=float, default=0, help="length of the phase by the clock")
    parser.add_argument("--steps", type=int, default=0, help="length of the phase in steps")
    parser.add_argument("--again", action="store_true", help="start a new schedule from the weights reached")
    parser.add_argument("--weights", help="an exported model to go on from where there is no checkpoint")
    parser.add_argument("--batch", type=int, default=0, help="scenes a step (tower 32, joint 16)")
    parser.add_argument("--muon-rate", type=float, default=4e-3)
    parser.add_argument("--adam-rate", type=float, default=2e-3)
    parser.add_argument("--rise", type=int, default=100, help="steps of rising learning rate")
    parser.add_argument("--fall", type=float, default=0.4, help="last share of the phase, of falling learning rate")
    parser.add_argument("--crowded-from", type=int, default=15000, help="scene index from which counts are uniform")
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw scenes")
    parser.add_argument("--held-out", type=int, default=96, help="held-out scenes at each checkpoint")
    parser.add_argument("--log-seconds", type=float, default=20)
    parser.add_argument("--save-seconds", type=float, default=180)
    parser.add_argument("--compile", action="store_true", help="compile the layers (needs a C++ compiler)")
    options = parser.parse_args()
    if not options.minutes and not options.steps:
        parser.error("say how long: --minutes or --steps")
    options.batch = options.batch or (32 if options.phase == "tower" else 16)
    return options


if __name__ == "__main__":
    options = arguments()
    torch.set_num_threads(options.threads)
    if "WORLD_SIZE" in os.environ:
        distributed.init_process_group("gloo", timeout=timedelta(hours=1))
    words = train_tokenizer()
    learner = Learner(build(configuration(words, options.hidden), options.seed), words)
    if options.compile:
        learner.compile_layers()
    Run(learner, options).train()
