"""Makes tiny random LLaVA models and writes them as published checkpoints are written."""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]


def random_model(vision, text, llava, seed, silent_ids=()):
    """A seeded model whose attention is peaked and whose logits vary; `silent_ids` are never generated."""
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**vision), text_config=LlamaConfig(**text), **llava
    )
    config._attn_implementation = "eager"
    model = LlavaForConditionalGeneration(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            parameter.copy_(_random(name, parameter, generator))
        if config.tie_word_embeddings:
            # At full size each token's own embedding would win, and every text would be a loop.
            model.model.language_model.embed_tokens.weight *= 0.15
        model.lm_head.weight[list(silent_ids)] = 0
    return model


def _random(name, parameter, generator):
    noise = torch.randn(parameter.shape, generator=generator)
    if "norm" in name or "layrnorm" in name:
        return noise * 0.1 + (1 if name.endswith("weight") else 0)
    if name.endswith("bias"):
        return noise * 0.1
    if "class_embedding" in name or "embed_tokens" in name:
        return noise
    if "position_embedding" in name:
        return noise * 0.5
    fan_in = parameter[0].numel()
    gain = 1.4 if "q_proj" in name or "k_proj" in name else 1.2
    return noise * gain / fan_in**0.5


def rename_classic(name):
    """`model.language_model.layers…` as the first published checkpoints spell it."""
    if name == "lm_head.weight":
        return "language_model.lm_head.weight"
    name = name.removeprefix("model.")
    if name.startswith("language_model."):
        return name.replace("language_model.", "language_model.model.", 1)
    return name.replace("vision_tower.", "vision_tower.vision_model.", 1)


def rename_nested(name):
    """As later checkpoints spell it: `model.` first, the tower's own `vision_model` kept."""
    return name.replace("model.vision_tower.", "model.vision_tower.vision_model.", 1)


def write_weights(model, directory, rename, dtype=torch.float32, shards=1):
    """One file, or `shards` of them with an index; a tied output head is left out."""
    tensors = {
        rename(name): value.to(dtype).contiguous()
        for name, value in model.named_parameters()
        if not (model.config.tie_word_embeddings and name == "lm_head.weight")
    }
    if shards == 1:
        save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(tensors)
    size = -(-len(names) // shards)
    weight_map = {}
    for index in range(shards):
        file = f"model-{index + 1:05d}-of-{shards:05d}.safetensors"
        part = names[index * size:(index + 1) * size]
        save_file({name: tensors[name] for name in part}, directory / file, metadata={"format": "pt"})
        weight_map |= {name: file for name in part}
    total = sum(value.numel() * value.element_size() for value in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    write_json(directory / "model.safetensors.index.json", index)


def write_json(path, value):
    """Indented JSON, lists of numbers on one line."""
    pathlib.Path(path).write_text(_dump(value) + "\n")


def _dump(value, depth=0):
    pad = "  " * (depth + 1)
    if isinstance(value, dict) and value:
        members = [f"{pad}{json.dumps(str(key))}: {_dump(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(members) + "\n" + "  " * depth + "}"
    if isinstance(value, list) and any(isinstance(item, (dict, str)) for item in value):
        return "[\n" + ",\n".join(pad + _dump(item, depth + 1) for item in value) + "\n" + "  " * depth + "]"
    return json.dumps(value, ensure_ascii=False)


def crop_processor(size):
    """preprocessor_config.json of a CLIP processor: shortest side, then centre crop."""
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": size},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": size, "width": size},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": CLIP_MEAN,
        "image_std": CLIP_STD,
    }


def pad_processor(size):
    """preprocessor_config.json of a LLaVA processor that pads to a square with the mean colour."""
    return crop_processor(size) | {"image_processor_type": "LlavaImageProcessor", "do_pad": True}


def processor_config(patch, strategy):
    """processor_config.json: how many placeholders stand for one picture."""
    return {
        "processor_class": "LlavaProcessor",
        "image_token": "<image>",
        "patch_size": patch,
        "num_additional_image_tokens": 1,
        "vision_feature_select_strategy": strategy,
    }
