"""Makes the parity fixtures of this directory: `python generate.py [name …]`. README.md says what they hold.

Deterministic. Needs exactly the versions below; another version may spell files or round numbers in another way.
"""

import importlib.metadata
import json
import pathlib
import shutil
import sys

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.numpy import save_file
from transformers import LlavaForConditionalGeneration, LlavaProcessor, PreTrainedTokenizerFast
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

import checkpoint
import configurations
import interventions
import pictures
from oracle import Oracle

VERSIONS = {
    "torch": "2.15.0",
    "transformers": "5.23.0",
    "tokenizers": "0.23.3",
    "safetensors": "0.8.0",
    "pillow": "13.0.0",
    "numpy": "2.4.6",
}
HERE = pathlib.Path(__file__).parent
GREEDY_TOKENS = 32
MARGIN = 1e-3
SMALL_SEQUENCE = 200


class Rejected(Exception):
    """The seed's model is not good enough to compare with."""


def check_versions():
    for package, version in VERSIONS.items():
        found = importlib.metadata.version(package).split("+")[0]
        if found != version:
            sys.exit(f"{package} is {found}, these fixtures need {version}")


def begin():
    """The versions that the fixtures need, no chatter, and nothing that depends on the machine's threads."""
    check_versions()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)


class Prompt:
    """One prompt as the processor makes it."""

    def __init__(self, name, messages, picture_names, processor):
        self.name, self.messages, self.picture_names = name, messages, picture_names
        self.text = processor.apply_chat_template(messages, add_generation_prompt=True)
        shown = [Image.open(HERE / "images" / picture) for picture in picture_names]
        inputs = processor(text=self.text, images=shown or None, return_tensors="pt")
        self.ids = inputs["input_ids"][0].tolist()
        self.pixel_values = inputs.get("pixel_values")
        image_token = processor.image_token_id
        self.image_ranges = self._ranges([token == image_token for token in self.ids], len(picture_names))
        self.text_ranges = self._ranges([token != image_token for token in self.ids])

    @staticmethod
    def _ranges(flags, expected=None):
        edges = np.flatnonzero(np.diff([0, *map(int, flags), 0])).reshape(-1, 2).tolist()
        assert expected is None or len(edges) == expected, "two pictures must not touch"
        return edges


def write_checkpoint(configuration, seed, directory, swap=None):
    """Writes the whole checkpoint; `swap` exchanges two tokens' rows of the output head."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    tokenizer = configuration.tokenizer()
    marks = configuration.marks
    silent = configuration.silent
    model = checkpoint.random_model(configuration.vision, configuration.text, configuration.llava, seed, silent)
    if swap:
        with torch.no_grad():
            model.lm_head.weight[swap] = model.lm_head.weight[swap[::-1]].clone()
    assert tokenizer.get_vocab_size() <= configuration.text["vocab_size"], tokenizer.get_vocab_size()
    assert tokenizer.token_to_id(marks["image"]) == configuration.llava["image_token_index"]
    assert tokenizer.token_to_id(marks["end"]) == configuration.text["eos_token_id"]
    configurations.tokenizer_files.save(
        tokenizer, directory, begin=marks["begin"], end=marks["end"], pad=marks["pad"],
        template=configurations.TEMPLATE, template_file=configuration.template_file,
    )
    checkpoint.write_weights(model, directory, configuration.rename, configuration.dtype, configuration.shards)
    config = configuration.config_edit(published_config(model.config, configuration.dtype))
    checkpoint.write_json(directory / "config.json", config)
    ids = {key: configuration.text[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    checkpoint.write_json(directory / "generation_config.json", ids | {"max_length": 4096})
    checkpoint.write_json(directory / "preprocessor_config.json", configuration.preprocessor)
    processor = checkpoint.processor_config(configuration.vision["patch_size"], configuration.strategy)
    checkpoint.write_json(directory / "processor_config.json", processor)


def published_config(config, dtype):
    """config.json with the keys a published checkpoint has."""
    full = json.loads(config.to_json_string(use_diff=False))
    name = str(dtype).removeprefix("torch.")
    text_keys = [
        "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings", "rms_norm_eps", "hidden_act",
        "rope_parameters", "attention_bias", "mlp_bias", "tie_word_embeddings", "bos_token_id", "eos_token_id",
        "pad_token_id",
    ]
    vision_keys = [
        "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "image_size",
        "patch_size", "num_channels", "hidden_act", "layer_norm_eps", "projection_dim",
    ]
    top_keys = [
        "image_token_index", "image_seq_length", "vision_feature_layer", "vision_feature_select_strategy",
        "projector_hidden_act", "multimodal_projector_bias", "tie_word_embeddings",
    ]
    return {
        "architectures": ["LlavaForConditionalGeneration"],
        "model_type": "llava",
        **{key: full[key] for key in top_keys},
        "text_config": {key: full["text_config"][key] for key in text_keys},
        "vision_config": {key: full["vision_config"][key] for key in vision_keys},
        "dtype": name,
    }


def load(directory):
    """Model and processor from the files alone, as a user would load them; f32 whatever is stored."""
    model, report = LlavaForConditionalGeneration.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
    settings = json.loads((directory / "preprocessor_config.json").read_text())
    kind = LlavaImageProcessorPil if settings.get("do_pad") else CLIPImageProcessorPil
    settings.pop("image_processor_type")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(directory)
    layout = json.loads((directory / "processor_config.json").read_text())
    layout.pop("processor_class")
    layout.pop("image_token")
    processor = LlavaProcessor(
        image_processor=kind(**settings), tokenizer=tokenizer, chat_template=configurations.TEMPLATE, **layout
    )
    return model.eval(), processor


def spread(count, limit):
    """At most `limit` positions of `count`, first and last among them."""
    return sorted(set(np.linspace(0, count - 1, min(count, limit)).round().astype(int).tolist()))


def expect_prompt(prompt, oracle, tokenizer, stop, arrays, detailed):
    """Baseline of one prompt; returns its record."""
    tokens, margin, run = oracle.greedy(GREEDY_TOKENS, stop)
    if margin < MARGIN:
        raise Rejected(f"{prompt.name}: margin {margin}")
    if len(set(tokens)) < 6:
        raise Rejected(f"{prompt.name}: the text is a loop of {set(tokens)}")
    check_against_generate(oracle, tokens, stop)

    length = len(prompt.ids)
    small = length < SMALL_SEQUENCE
    hidden_positions = list(range(length)) if detailed and small else spread(length, 8 if small else 16)
    logit_positions = spread(length, 8) if detailed and small else [length - 1]
    rows = pattern_rows(prompt, len(tokens), detailed, small)
    top = run.logits[length - 1:].topk(5)
    name = prompt.name
    arrays[f"{name}.hidden"] = run.hidden[:, hidden_positions]
    arrays[f"{name}.final_norm"] = run.final_norm[hidden_positions]
    arrays[f"{name}.logits"] = run.logits[logit_positions]
    arrays[f"{name}.pattern"] = run.pattern[:, :, rows]
    arrays[f"{name}.step_top_logits"] = top.values
    record = {
        "messages": prompt.messages,
        "text": prompt.text,
        "images": prompt.picture_names,
        "ids": prompt.ids,
        "image_ranges": prompt.image_ranges,
        "tokens": tokens,
        "finish": "stop" if tokens[-1] in stop else "length",
        "answer": tokenizer.decode(tokens, skip_special_tokens=True),
        "margin": margin,
        "step_top_ids": top.indices.tolist(),
        "hidden_positions": hidden_positions,
        "logit_positions": logit_positions,
        "pattern_rows": rows,
    }
    if prompt.picture_names:
        record |= expect_pictures(prompt, oracle, arrays, (1 if detailed else 3) if small else 7)
    return record


def expect_pictures(prompt, oracle, arrays, pixel_step):
    """Pixels (every `pixel_step`th of both axes, and all their sums), features and embeddings."""
    features, embeddings = oracle.picture_arrays()
    patch_step = 1 if features.shape[1] < SMALL_SEQUENCE else 5
    arrays[f"{prompt.name}.pixel_values"] = prompt.pixel_values[:, :, ::pixel_step, ::pixel_step]
    arrays[f"{prompt.name}.vision_features"] = features[:, ::patch_step]
    arrays[f"{prompt.name}.image_embeddings"] = embeddings[:, ::patch_step]
    sums = prompt.pixel_values.double().sum(dim=(2, 3))
    return {"pixel_step": pixel_step, "patch_step": patch_step, "pixel_sums": sums.tolist()}


def pattern_rows(prompt, generated, detailed, small):
    """Receivers whose attention is kept: the prompt's last, the last decode step's, and some more of one prompt."""
    length = len(prompt.ids)
    rows = {length - 1, length + generated - 2}
    if detailed:
        first, last = prompt.image_ranges[-1]
        rows |= {0, (first + last) // 2, last, length} if small else {(first + last) // 2}
    return sorted(rows)


def check_against_generate(oracle, tokens, stop):
    """The oracle without a cache must say what `generate` says with one."""
    inputs = {"input_ids": torch.tensor([oracle.ids])}
    if oracle.pixel_values is not None:
        inputs["pixel_values"] = oracle.pixel_values
    output = oracle.model.generate(
        **inputs, attention_mask=torch.ones_like(inputs["input_ids"]), max_new_tokens=GREEDY_TOKENS, max_length=None,
        do_sample=False, eos_token_id=list(stop), pad_token_id=0,
    )
    assert output[0, len(oracle.ids):].tolist() == tokens


def half_precision(directory, oracles, arrays):
    """Last logits of a run whose weights and arithmetic are bf16: what that precision costs."""
    model = LlavaForConditionalGeneration.from_pretrained(directory, dtype=torch.bfloat16, attn_implementation="eager")
    for name, oracle in oracles.items():
        pixels = None if oracle.pixel_values is None else oracle.pixel_values.bfloat16()
        arrays[f"{name}.bf16_logits"] = Oracle(model.eval(), oracle.ids, pixels).forward().logits[-1:]


def attempt(configuration, seed, directory, swap=None):
    """One seed's checkpoint and expectations."""
    write_checkpoint(configuration, seed, directory, swap)
    model, processor = load(directory)
    stop = [configuration.text["eos_token_id"]]
    arrays, records, oracles, prompts = {}, {}, {}, {}
    for name, (messages, picture_names) in configuration.prompts.items():
        prompt = prompts[name] = Prompt(name, messages, picture_names, processor)
        oracles[name] = Oracle(model, prompt.ids, prompt.pixel_values)
        detailed = name == "one_image"
        records[name] = expect_prompt(prompt, oracles[name], processor.tokenizer, stop, arrays, detailed)
    expected = {
        "made_with": VERSIONS,
        "seed": seed,
        "prompts": records,
    }
    if swap is None and configuration.ends_early:
        return attempt(configuration, seed, directory, early_end(configuration, records, stop[0]))
    for name, record in records.items():
        wanted = "stop" if name == configuration.ends_early else "length"
        if record["finish"] != wanted:
            raise Rejected(f"{name}: ends with {record['finish']}")
    try:
        expected |= interventions.expect(configuration.name, prompts, oracles, records, stop, arrays, MARGIN)
    except interventions.Weak as error:
        raise Rejected(str(error)) from error
    if configuration.name == "mha-crop":
        half_precision(directory, oracles, arrays)
    return expected, arrays


def early_end(configuration, records, end):
    """The token to exchange with the end token, so that one prompt's answer ends early and no other's does."""
    tokens = records[configuration.ends_early]["tokens"]
    others = {token for record in records.values() for token in record["ids"]}
    others |= {token for name, record in records.items() if name != configuration.ends_early for token in record["tokens"]}
    for step in range(8, 24):
        if tokens[step] not in others | set(tokens[:step]):
            return [tokens[step], end]
    raise Rejected("no token to end with")


def make(configuration):
    directory = HERE / configuration.name
    for seed in range(configuration.seed, configuration.seed + 60):
        try:
            expected, arrays = attempt(configuration, seed, directory)
        except Rejected as reason:
            print(f"{configuration.name} seed {seed}: {reason}")
            continue
        checkpoint.write_json(directory / "expected.json", expected)
        plain = {name: np.ascontiguousarray(value.float().numpy()) for name, value in arrays.items()}
        save_file(plain, directory / "expected.safetensors")
        for file in directory.iterdir():
            file.chmod(0o644)
        size = sum(file.stat().st_size for file in directory.iterdir())
        print(f"{configuration.name}: seed {seed}, {size // 1024} KiB")
        return
    sys.exit(f"{configuration.name}: no seed is good enough")


def main():
    begin()
    (HERE / "images").mkdir(exist_ok=True)
    for name, data in pictures.draw_all().items():
        (HERE / "images" / name).write_bytes(data)
    for name in sys.argv[1:] or configurations.ALL:
        make(configurations.ALL[name]())


if __name__ == "__main__":
    main()
