"""Writes a checkpoint as a standard llava-hf directory, with the mean embedding beside it.

    python export.py --checkpoint RUN/joint.pt --out DIR [--metrics metrics.json]
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoProcessor,
    CLIPImageProcessor,
    GenerationConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from batches import MEAN, STD, Packer, Scenes
from card import model_card
from model import IMAGE_SIDE, PATCH, build, configuration
from tokenizer import BOS, EOS, IMAGE, PAD, UNK, train_tokenizer
from world import TRAIN

# Renders `USER: <image>\n{question} ASSISTANT:`, as the llava-1.5 checkpoints' own template does.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ message['role'].upper() + ': ' }}"
    "{% if message['content'] is string %}{{ message['content'] + ' ' }}"
    "{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>\\n' }}{% endif %}{% endfor %}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] + ' ' }}{% endif %}{% endfor %}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
# Far from the training scenes' first indices, which the curriculum makes sparser.
MEAN_FROM, MEAN_SCENES = 1_000_000, 1_000


def load(checkpoint: Path) -> LlavaForConditionalGeneration:
    """The model of a checkpoint that train.py saved, in float32."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = build(configuration(train_tokenizer(), state["hidden"]), seed=0)
    model.load_state_dict(state["model"])
    return model.eval()


def processor() -> LlavaProcessor:
    """Tokenizer, image processor and chat template as one."""
    words = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(), bos_token=BOS, eos_token=EOS, unk_token=UNK, pad_token=PAD,
        extra_special_tokens={"image_token": IMAGE}, padding_side="left", clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )  # fmt: skip
    pictures = CLIPImageProcessor(
        size={"shortest_edge": IMAGE_SIDE}, crop_size={"height": IMAGE_SIDE, "width": IMAGE_SIDE},
        image_mean=list(MEAN), image_std=list(STD),
    )  # fmt: skip
    return LlavaProcessor(
        pictures, words, patch_size=PATCH, vision_feature_select_strategy="default", image_token=IMAGE,
        num_additional_image_tokens=1, chat_template=CHAT_TEMPLATE,
    )  # fmt: skip


@torch.no_grad()
def mean_embedding(model: LlavaForConditionalGeneration) -> torch.Tensor:
    """Mean over images and patches of the projector's outputs, accumulated in float64, [hidden]."""
    scenes = Scenes(Packer(train_tokenizer()), MEAN_FROM, MEAN_SCENES, stream=TRAIN)
    total, count = torch.zeros(model.config.text_config.hidden_size, dtype=torch.float64), 0
    for start in range(0, MEAN_SCENES, 50):
        pixels = torch.stack([torch.from_numpy(scenes[start + i].pixels) for i in range(50)])
        features = model.model.vision_tower(pixel_values=pixels).last_hidden_state[:, 1:]
        embedded = model.model.multi_modal_projector(features).flatten(0, 1)
        total += embedded.double().sum(0)
        count += len(embedded)
    return total / count


# What Fovea tells of the model: its name, and what to know before believing an answer.
ABOUT = {
    "name": "fovea-scenes",
    "notice": "The embedded model knows only its own world, pictures of one to four flat shapes; on anything else its "
    "answers mean nothing. Start Fovea with --model to use a real checkpoint.",
}


def use_hub_conventions(out: Path) -> None:
    """Names as in the published llava-hf checkpoints, which every version of transformers, and others, read."""
    weights = {
        re.sub(r"^vision_tower\.(?!vision_model\.)", "vision_tower.vision_model.", name): weight
        for name, weight in load_file(out / "model.safetensors").items()
    }
    save_file(weights, out / "model.safetensors", {"format": "pt"})
    path = out / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fovea": ABOUT}, indent=2) + "\n")
    path = out / "tokenizer_config.json"
    words = json.loads(path.read_text())
    words["tokenizer_class"] = "PreTrainedTokenizerFast"
    for key in ("backend", "extra_special_tokens"):
        words.pop(key, None)
    path.write_text(json.dumps(words, indent=2) + "\n")


def export(checkpoint: Path, out: Path, metrics: dict) -> None:
    out.mkdir(parents=True, exist_ok=True)
    rounded = load(checkpoint).bfloat16()
    rounded.generation_config = GenerationConfig(
        bos_token_id=rounded.config.text_config.bos_token_id, eos_token_id=rounded.config.text_config.eos_token_id,
        pad_token_id=rounded.config.pad_token_id, max_new_tokens=128, do_sample=False,
    )  # fmt: skip
    rounded.save_pretrained(out)
    both = processor()
    both.save_pretrained(out)
    # Readers of the older layout look for the image processor's own file.
    both.image_processor.save_pretrained(out)
    use_hub_conventions(out)
    mean = mean_embedding(rounded.float())
    provenance = {
        "what": "mean over images and patches of the projector's outputs, float64 accumulation",
        "scenes": str(MEAN_SCENES), "stream": str(TRAIN), "first_index": str(MEAN_FROM), "weights": "bfloat16",
    }  # fmt: skip
    save_file({"mean_embedding": mean.float()}, out / "mean_embedding.safetensors", provenance)
    parameters = sum(p.numel() for p in rounded.parameters())
    (out / "README.md").write_text(model_card(parameters, metrics))
    for path in out.glob("*.safetensors"):
        path.chmod(0o644)
    AutoProcessor.from_pretrained(out)
    LlavaForConditionalGeneration.from_pretrained(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, help="what measure.py wrote; goes into the model card")
    options = parser.parse_args()
    measured = json.loads(options.metrics.read_text()) if options.metrics else {}
    export(options.checkpoint, options.out, measured)
