"""The four checkpoints: which published spellings and which corner of the architecture each stands for."""

import dataclasses
from typing import Callable

import torch

import checkpoint
import tokenizer_files

TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'][0]['text'] + ' ' }}"
    "{% elif message['role'] == 'user' %}"
    "USER: "
    "{% for part in message['content'] if part['type'] == 'image' %}<image>\n{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %} "
    "{% else %}"
    "ASSISTANT: "
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}{{ eos_token }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def user(text, pictures=0):
    return {"role": "user", "content": [{"type": "image"}] * pictures + [{"type": "text", "text": text}]}


def assistant(text):
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


@dataclasses.dataclass
class Configuration:
    """One checkpoint and its prompts."""

    name: str
    seed: int
    vision: dict
    text: dict
    llava: dict
    tokenizer: Callable
    marks: dict  # begin, end, pad, image: special tokens by their use
    preprocessor: dict
    strategy: str
    prompts: dict  # name: (messages, picture names)
    rename: Callable
    config_edit: Callable = lambda config: config  # how config.json spells it
    dtype: torch.dtype = torch.float32
    shards: int = 1
    template_file: str = "chat_template.jinja"
    ends_early: str | None = None  # the prompt whose answer ends with the end token before the limit
    silent: tuple = ()


LLAMA_MARKS = {"begin": "<s>", "end": "</s>", "pad": "<pad>", "image": "<image>"}
BYTE_MARKS = {"begin": "<|begin|>", "end": "<|end|>", "pad": "<|pad|>", "image": "<image>"}


DEFAULTS = {
    "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "num_channels": 3, "layer_norm_eps": 1e-5,
}


def older_spelling(config):
    """rope_theta and rope_scaling apart, torch_dtype, and what equals a default left out."""
    text = config["text_config"]
    for part in text, config["vision_config"]:
        for key, value in DEFAULTS.items():
            if part.get(key) == value:
                del part[key]
    if text["num_key_value_heads"] == text["num_attention_heads"]:
        del text["num_key_value_heads"]
    del text["head_dim"], config["multimodal_projector_bias"]
    config["torch_dtype"] = config.pop("dtype")
    parameters = text.pop("rope_parameters")
    text["rope_theta"] = parameters["rope_theta"]
    if parameters["rope_type"] != "default":
        scaling = {key: value for key, value in parameters.items() if key != "rope_theta"}
        text["rope_scaling"] = {"type": scaling.pop("rope_type")} | scaling
    return config


PHOTO = "What is in the picture?"
TALK = [user("Is there a dog?", 1), assistant("No, a cat."), user("Where is it?")]


def mha_crop():
    text = dict(
        hidden_size=32, intermediate_size=56, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4,
        vocab_size=384, max_position_embeddings=2048, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=381,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, tie_word_embeddings=False,
    )
    vision = dict(
        hidden_size=24, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, image_size=48, patch_size=8,
        hidden_act="quick_gelu", projection_dim=16,
    )
    return Configuration(
        name="mha-crop", seed=100, vision=vision, text=text,
        llava=dict(
            image_token_index=380, image_seq_length=36, vision_feature_layer=-2,
            vision_feature_select_strategy="default", projector_hidden_act="gelu", tie_word_embeddings=False,
        ),
        tokenizer=lambda: tokenizer_files.llama_style(121, ["<image>", "<pad>"]),
        marks=LLAMA_MARKS, preprocessor=checkpoint.crop_processor(48), strategy="default",
        prompts={
            "text_only": ([user("What is a dog?")], []),
            "one_image": ([user(PHOTO, 1)], ["street.png"]),
            "two_images": ([user("Which is red?", 2)], ["tower.jpg", "street.png"]),
            "multi_turn": (TALK, ["gray.png"]),
        },
        rename=checkpoint.rename_classic, config_edit=older_spelling, template_file="chat_template.json",
        ends_early="multi_turn", silent=(0, 1, 380, 381, 382, 383),
    )


def gqa_pad():
    text = dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=330, max_position_embeddings=4096, rms_norm_eps=1e-6, bos_token_id=320, eos_token_id=321,
        pad_token_id=322, tie_word_embeddings=True,
        rope_parameters={
            "rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    )
    vision = dict(
        hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, image_size=48, patch_size=8,
        hidden_act="gelu", projection_dim=16,
    )
    return Configuration(
        name="gqa-pad", seed=200, vision=vision, text=text,
        llava=dict(
            image_token_index=323, image_seq_length=36, vision_feature_layer=-2,
            vision_feature_select_strategy="default", projector_hidden_act="gelu", tie_word_embeddings=True,
        ),
        tokenizer=lambda: tokenizer_files.byte_level_style(
            320, ["<|begin|>", "<|end|>", "<|pad|>", "<image>"], "<|begin|>"
        ),
        marks=BYTE_MARKS, preprocessor=checkpoint.pad_processor(48), strategy="default",
        prompts={
            "text_only": ([user("What is a dog?")], []),
            "one_image": ([user(PHOTO, 1)], ["tower.jpg"]),
            "two_images": ([user("Which is red?", 2)], ["field.jpg", "gray.png"]),
            "multi_turn": (TALK, ["street.png"]),
        },
        rename=checkpoint.rename_nested, shards=2, silent=tuple(range(322, 330)),
    )


def grid24():
    text = dict(
        hidden_size=36, intermediate_size=50, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1,
        vocab_size=307, max_position_embeddings=2048, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=306,
        rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}, tie_word_embeddings=False,
    )
    vision = dict(
        hidden_size=20, intermediate_size=30, num_hidden_layers=3, num_attention_heads=2, image_size=336, patch_size=14,
        hidden_act="quick_gelu", projection_dim=16,
    )
    return Configuration(
        name="grid24", seed=300, vision=vision, text=text,
        llava=dict(
            image_token_index=305, image_seq_length=576, vision_feature_layer=-2,
            vision_feature_select_strategy="default", projector_hidden_act="gelu", tie_word_embeddings=False,
        ),
        tokenizer=lambda: tokenizer_files.llama_style(46, ["<image>", "<pad>"]),
        marks=LLAMA_MARKS, preprocessor=checkpoint.crop_processor(336), strategy="default",
        prompts={"one_image": ([user("What is it?", 1)], ["field.jpg"])},
        rename=checkpoint.rename_classic, config_edit=older_spelling, dtype=torch.bfloat16,
        silent=(0, 1, 305, 306),
    )


def features():
    text = dict(
        hidden_size=24, intermediate_size=44, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3,
        head_dim=10, vocab_size=300, max_position_embeddings=1024, rms_norm_eps=1e-6, bos_token_id=290, eos_token_id=291,
        pad_token_id=292, tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0},
    )
    vision = dict(
        hidden_size=18, intermediate_size=28, num_hidden_layers=4, num_attention_heads=3, image_size=40, patch_size=10,
        hidden_act="gelu", projection_dim=16,
    )
    return Configuration(
        name="features", seed=400, vision=vision, text=text,
        llava=dict(
            image_token_index=293, image_seq_length=17, vision_feature_layer=[-3, -2],
            vision_feature_select_strategy="full", projector_hidden_act="gelu", multimodal_projector_bias=False,
            tie_word_embeddings=False,
        ),
        tokenizer=lambda: tokenizer_files.byte_level_style(
            290, ["<|begin|>", "<|end|>", "<|pad|>", "<image>"], "<|begin|>"
        ),
        marks=BYTE_MARKS, preprocessor=checkpoint.crop_processor(40), strategy="full",
        prompts={
            "text_only": ([user("Who?")], []),
            "three_images": ([user("Which?", 3)], ["street.png", "gray.png", "tower.jpg"]),
            "many_turns": (
                [user("One?", 1), assistant("Yes."), user("Two?", 1), assistant("No."), user("And now?")],
                ["field.jpg", "street.png"],
            ),
        },
        rename=lambda name: name, dtype=torch.float16, silent=(290, 292, 293, 294, 295, 296, 297, 298, 299),
    )


ALL = {build().name: build for build in (mha_crop, gqa_pad, grid24, features)}
