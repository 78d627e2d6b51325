"""The embedded model: a LLaVA built of transformers' own classes, small enough to train on a laptop."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

IMAGE_SIDE, PATCH = 96, 8
GRID = IMAGE_SIDE // PATCH
IMAGE_TOKENS = GRID * GRID
CONTEXT = 1024
# Standard deviation of the word embeddings and of the projected patches: equal, so that the decoder hears both.
EMBEDDING_SCALE = 0.5


def configuration(tokenizer, hidden: int = 128, layers: int = 8, tower_layers: int = 4) -> LlavaConfig:
    """A llava-hf configuration; heads are 32 wide. The last tower layer is the one that is read."""
    ids = {name: tokenizer.token_to_id(token) for name, token in _SPECIAL.items()}
    vocabulary = 64 * math.ceil(tokenizer.get_vocab_size() / 64)
    vision = CLIPVisionConfig(
        hidden_size=hidden, intermediate_size=4 * hidden, num_hidden_layers=tower_layers,
        num_attention_heads=hidden // 32, image_size=IMAGE_SIDE, patch_size=PATCH, projection_dim=hidden,
        hidden_act="quick_gelu",
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=32 * math.ceil(hidden * 8 / 3 / 32),
        num_hidden_layers=layers, num_attention_heads=hidden // 32, num_key_value_heads=hidden // 32,
        max_position_embeddings=CONTEXT, tie_word_embeddings=False, bos_token_id=ids["bos"],
        eos_token_id=ids["eos"], pad_token_id=ids["pad"], rms_norm_eps=1e-5,
    )  # fmt: skip
    return LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=ids["image"], image_token_id=ids["image"],
        vision_feature_layer=-1, vision_feature_select_strategy="default", image_seq_length=IMAGE_TOKENS,
        pad_token_id=ids["pad"], tie_word_embeddings=False,
    )  # fmt: skip


_SPECIAL = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "image": "<image>"}


def build(config: LlavaConfig, seed: int) -> LlavaForConditionalGeneration:
    """A model with initial weights that suit its size."""
    torch.manual_seed(seed)
    model = LlavaForConditionalGeneration._from_config(config, attn_implementation="sdpa")
    depth = config.text_config.num_hidden_layers
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                scale = 1 / math.sqrt(weight.shape[1])
                if name.endswith(("o_proj.weight", "down_proj.weight", "out_proj.weight", "fc2.weight")):
                    scale /= math.sqrt(2 * depth)
                nn.init.normal_(weight, std=scale)
        tower = model.model.vision_tower.vision_model if hasattr(
            model.model.vision_tower, "vision_model") else model.model.vision_tower
        nn.init.normal_(model.model.language_model.embed_tokens.weight, std=EMBEDDING_SCALE)
        nn.init.normal_(model.lm_head.weight, std=0.02)
        nn.init.normal_(tower.embeddings.patch_embedding.weight, std=1 / math.sqrt(3 * PATCH * PATCH))
        tower.embeddings.position_embedding.weight.copy_(_sines(config.vision_config.hidden_size))
    return model


def _sines(hidden: int) -> torch.Tensor:
    """Sines of row and column as the first position embeddings: neighbours start out alike, so less is to learn."""
    quarter = hidden // 4
    frequency = torch.exp(-math.log(40.0) * torch.arange(quarter) / quarter) * (math.pi / 2)
    table = torch.zeros(1 + IMAGE_TOKENS, hidden)
    cell = torch.arange(IMAGE_TOKENS)
    for part, axis in enumerate((cell // GRID, cell % GRID)):
        phase = axis[:, None] * frequency
        table[1:, 2 * part * quarter : (2 * part + 1) * quarter] = phase.sin()
        table[1:, (2 * part + 1) * quarter : (2 * part + 2) * quarter] = phase.cos()
    return table * 0.5


class PatchHeads(nn.Module):
    """Linear readers of what lies under each patch; used in training only, never exported."""

    def __init__(self, hidden: int, classes: tuple[int, ...]):
        super().__init__()
        self.classes = classes
        self.norm = nn.LayerNorm(hidden)
        self.linear = nn.Linear(hidden, sum(classes))

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.linear(self.norm(features)).split(self.classes, -1)
