"""What is learnt: the label of every patch, and every answer of the packed questions."""

from __future__ import annotations

import contextlib

import torch
from tokenizers import Tokenizer
from torch.nn import functional
from torch.utils.data import DataLoader
from transformers import LlavaForConditionalGeneration

from batches import KINDS, Packer, Scenes, attention_mask, collate
from model import PatchHeads
from world import COLOURS, HELD_OUT, PLACES, SHAPES, SIZES

LABELS = ("colour", "shape", "size", "place")
CLASSES = (1 + len(COLOURS), 1 + len(SHAPES), 1 + len(SIZES), 1 + len(PLACES))
# The background outnumbers objects ten to one; its patches teach little.
BACKGROUND_WEIGHT = 0.2
PATCH_LOSS_WEIGHT = 0.3


class Learner:
    """A model with its losses and its held-out accuracy."""

    def __init__(self, model: LlavaForConditionalGeneration, tokenizer: Tokenizer):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.packer = Packer(tokenizer)
        self.model = model.to(self.device)
        self.heads = PatchHeads(model.config.vision_config.hidden_size, CLASSES).to(self.device)
        self.tower = self.model.model.vision_tower
        self.projector = self.model.model.multi_modal_projector
        self.decoder = self.model.model.language_model

    def compile_layers(self):
        """Compiles layer by layer; the few lengths that batches come in share the compiled code."""
        torch._dynamo.config.recompile_limit = 64
        tower = getattr(self.tower, "vision_model", self.tower)
        for layer in [*self.decoder.layers, *tower.encoder.layers]:
            layer.compile(dynamic=False)

    def precision(self):
        """bf16 where the device multiplies it fast."""
        return torch.autocast("cuda", torch.bfloat16) if self.device == "cuda" else contextlib.nullcontext()

    def see(self, pixels: torch.Tensor) -> torch.Tensor:
        """Features of the patches, [batch, patches, hidden]."""
        return self.tower(pixel_values=pixels).last_hidden_state[:, 1:]

    def patch_loss(self, features: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross-entropy of the four labels, and each one's accuracy on object patches."""
        weight = torch.where(labels[..., 0] > 0, 1.0, BACKGROUND_WEIGHT)
        on_object = labels[..., 0] > 0
        total, accuracy = 0.0, {}
        for index, (name, logits) in enumerate(zip(LABELS, self.heads(features))):
            target = labels[..., index]
            loss = functional.cross_entropy(logits.float().flatten(0, 1), target.flatten(), reduction="none")
            total = total + (loss * weight.flatten()).sum() / weight.sum()
            accuracy[name] = (logits.argmax(-1) == target)[on_object].float().mean().item()
        return total, accuracy

    def answers(self, batch: dict, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits at the tokens before each answer token, those tokens, and where they are in the text."""
        prefix = len(self.packer.prefix)
        embedded = self.decoder.embed_tokens(batch["input_ids"])
        seen = self.projector(features).to(embedded.dtype)
        image = slice(prefix - seen.shape[1], prefix)
        embedded = torch.cat([embedded[:, : image.start], seen, embedded[:, image.stop :]], 1)
        hidden = self.decoder(
            inputs_embeds=embedded, attention_mask=attention_mask(batch["pair"], prefix),
            position_ids=batch["position_ids"], use_cache=False,
        ).last_hidden_state  # fmt: skip
        asked = batch["weight"] > 0
        before = hidden[:, prefix - 1 : -1][asked]
        return self.model.lm_head(before), batch["tokens"][asked], asked

    def joint_loss(self, batch: dict) -> tuple[torch.Tensor, dict[str, float]]:
        features = self.see(batch["pixels"])
        logits, target, asked = self.answers(batch, features)
        losses = functional.cross_entropy(logits.float(), target, reduction="none")
        weight = batch["weight"][asked]
        text = (losses * weight).sum() / weight.sum()
        patches, accuracy = self.patch_loss(features, batch["labels"])
        return text + PATCH_LOSS_WEIGHT * patches, {"text": text.item(), **accuracy}

    @torch.no_grad()
    def held_out_accuracy(self, scenes: int, batch_size: int = 32) -> dict[str, float]:
        """Share of answers whose every token is the argmax: greedy decoding would give exactly that answer."""
        right, asked = torch.zeros(len(KINDS)), torch.zeros(len(KINDS))
        loader = DataLoader(
            Scenes(self.packer, 0, scenes, stream=HELD_OUT), batch_size,
            collate_fn=lambda s: collate(s, self.packer.prefix),
        )
        for batch in loader:
            batch = {name: value.to(self.device) for name, value in batch.items()}
            with self.precision():
                logits, target, where = self.answers(batch, self.see(batch["pixels"]))
            wrong = torch.zeros_like(batch["pair"], dtype=torch.bool)
            wrong[where] = logits.argmax(-1) != target
            answer = batch["pair"] + batch["pair"].shape[1] * torch.arange(len(wrong), device=self.device)[:, None]
            for kind in range(len(KINDS)):
                of_kind = where & (batch["kind"] == kind)
                asked[kind] += len(answer[of_kind].unique())
                right[kind] += len(answer[of_kind].unique()) - len(answer[of_kind & wrong].unique())
        return {name: round((r / max(n, 1)).item(), 4) for name, r, n in zip(KINDS, right, asked)}
