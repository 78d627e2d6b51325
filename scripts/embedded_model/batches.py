"""Training batches: many question–answer pairs about one picture, packed behind one copy of its tokens.

A row is `[<s> USER: <image> × 144][pair 0][pair 1] …`. The mask lets each pair see the prefix and itself, and each
pair's positions go on from the prefix, so the result equals asking every question alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.utils.data import Dataset

from model import GRID, IMAGE_SIDE, IMAGE_TOKENS
from questions import Question, drills, questions
from render import patch_labels, render_with_masks
from tokenizer import EOS
from world import TRAIN, scene

PREFIX_TEXT = "USER: <image>"
# CLIP's, as the exported preprocessor configuration states them.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
# A description names up to sixteen attributes where the others name one or two.
WEIGHTS = {"describe": 4.0, "poll": 1.5, "where": 2.0, "count": 2.0}
KINDS = ("describe", "begun", "poll", "where", "colour", "shape", "size", "count", "what", "relation")


def prompt_text(question: str) -> str:
    """What the bare chat template renders after `<image>`."""
    return f"\n{question} ASSISTANT:"


@dataclass
class Sample:
    """One picture with its packed pairs; `pair`, `offset`, `target`, `weight`, `kind` run over the text tokens."""

    pixels: np.ndarray
    labels: np.ndarray
    tokens: np.ndarray
    pair: np.ndarray
    offset: np.ndarray
    weight: np.ndarray
    kind: np.ndarray


class Packer:
    """Turns questions into token arrays."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        before = tokenizer.encode(PREFIX_TEXT).ids
        self.prefix = np.array(before[:-1] + [before[-1]] * IMAGE_TOKENS, np.int64)

    def pack(self, asked: list[Question]) -> tuple[np.ndarray, ...]:
        """Tokens, pair index, offset in the pair, weight of predicting this token, kind: each [text tokens]."""
        parts = []
        for index, question in enumerate(asked):
            given = prompt_text(question.text) + (f" {question.given}" if question.given else "")
            answer = f" {question.answer}"[len(question.given) + 1 if question.given else 0 :]
            prompt = self.tokenizer.encode(given, add_special_tokens=False).ids
            answered = self.tokenizer.encode(given + answer + EOS, add_special_tokens=False).ids
            count, length = len(answered), len(answered) - len(prompt)
            weight = np.zeros(count, np.float32)
            weight[len(prompt) :] = WEIGHTS.get(question.kind, 1.0) / length
            kind = np.full(count, KINDS.index(question.kind))
            parts.append((answered, np.full(count, index), np.arange(count), weight, kind))
        return tuple(np.concatenate([np.asarray(p[i]) for p in parts]) for i in range(5))


class Scenes(Dataset):
    """Samples of a stream by index: the same index is always the same sample, so training resumes exactly."""

    def __init__(
        self, packer: Packer, start: int, count: int, stride: int = 1, crowded_from: int = 0, stream: int = TRAIN
    ):
        self.packer, self.start, self.count, self.stride = packer, start, count, stride
        self.crowded_from, self.stream = crowded_from, stream

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, position: int) -> Sample:
        index = self.start + position * self.stride
        crowding = 1.0 if index >= self.crowded_from else 0.5 + 0.5 * index / self.crowded_from
        drawn = scene(self.stream, index, crowding)
        picture, masks = render_with_masks(drawn, IMAGE_SIDE)
        pixels = ((picture / np.float32(255) - np.float32(MEAN)) / np.float32(STD)).transpose(2, 0, 1)
        random = np.random.default_rng((self.stream, index, 1))
        asked = questions(drawn, random) + (drills(drawn, random) if self.stream == TRAIN else [])
        return Sample(pixels, patch_labels(drawn, masks, GRID), *self.packer.pack(asked))


def collate(samples: list[Sample], prefix: np.ndarray, multiple: int = 32) -> dict[str, torch.Tensor]:
    """A batch; the text is padded to a multiple so that few different shapes occur."""
    longest = max(len(s.tokens) for s in samples)
    text = multiple * -(-longest // multiple)
    fields = {}
    for name, filler in (("tokens", 0), ("pair", -1), ("offset", 0), ("weight", 0), ("kind", -1)):
        rows = [np.pad(getattr(s, name), (0, text - len(s.tokens)), constant_values=filler) for s in samples]
        fields[name] = torch.from_numpy(np.stack(rows))
    batch, start = len(samples), len(prefix)
    fields["input_ids"] = torch.cat([torch.from_numpy(prefix).expand(batch, -1), fields["tokens"]], 1)
    positions = torch.arange(start).expand(batch, -1)
    fields["position_ids"] = torch.cat([positions, start + fields["offset"]], 1)
    fields["pixels"] = torch.from_numpy(np.stack([s.pixels for s in samples]))
    fields["labels"] = torch.from_numpy(np.stack([s.labels for s in samples]))
    return fields


def attention_mask(pair: torch.Tensor, prefix: int) -> torch.Tensor:
    """True where a query may look, bool [batch, 1, tokens, tokens]; `pair` is [batch, text tokens]."""
    whole = torch.nn.functional.pad(pair, (prefix, 0), value=-2)
    same = whole[:, :, None] == whole[:, None, :]
    causal = torch.ones(whole.shape[1], whole.shape[1], dtype=torch.bool, device=pair.device).tril()
    return ((same | (whole == -2)[:, None, :]) & causal)[:, None]
