"""transformers on random weights: one measurement a call, since each needs another attention or another model."""

import argparse
import json
import os
import statistics
import sys
import time

import torch
import transformers
from shapes import AFTER, BEFORE, DECODERS, IMAGE, PROBED
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM


def say(text: str) -> None:
    print(text, file=sys.stderr)


def decoder(name: str, attention: str) -> LlamaForCausalLM:
    """A decoder in bf16; transformers draws the weights, and none of them is zero."""
    shape = DECODERS[name]
    config = LlamaConfig(
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        vocab_size=shape.vocabulary,
        max_position_embeddings=4096,
        attn_implementation=attention,
    )
    torch.set_default_dtype(torch.bfloat16)
    torch.manual_seed(1)
    model = LlamaForCausalLM(config).eval()
    model.generation_config.eos_token_id = None
    return model


def words(model: LlamaForCausalLM, count: int) -> torch.Tensor:
    return torch.randint(3, model.config.vocab_size, (1, count))


def median_seconds(repetitions: int, body) -> float:
    seconds = []
    for repetition in range(repetitions + 1):
        start = time.perf_counter()
        body()
        if repetition > 0:
            seconds.append(time.perf_counter() - start)
        say(f"  {time.perf_counter() - start:.2f} s")
    return statistics.median(seconds)


def plain(arguments, attention: str, **outputs) -> dict:
    """Prefill of a prompt and decoding after a short one; `outputs` are what every pass returns besides."""
    model = decoder(arguments.shape, attention)
    prompt = words(model, arguments.prefill)
    prefill = median_seconds(arguments.repetitions, lambda: model(prompt, logits_to_keep=1, use_cache=True, **outputs))

    def decode() -> float:
        result = model(words(model, 16), logits_to_keep=1, use_cache=True)
        token, cache = result.logits[:, -1].argmax(-1, keepdim=True), result.past_key_values
        start = time.perf_counter()
        for _ in range(arguments.decode):
            result = model(token, past_key_values=cache, use_cache=True, **outputs)
            token = result.logits[:, -1].argmax(-1, keepdim=True)
        return arguments.decode / (time.perf_counter() - start)

    rates = [decode() for _ in range(arguments.repetitions)]
    return {
        "prefill": {"tokens_per_second": arguments.prefill / prefill},
        "decode": {"tokens_per_second": statistics.median(rates)},
    }


def knocked_out(length: int, receivers: list[int], dtype: torch.dtype) -> torch.Tensor:
    """An additive mask [1, 1, length, length]: causal, and `receivers` do not see the image."""
    mask = torch.full((length, length), torch.finfo(dtype).min, dtype=dtype).triu(1)
    for receiver in receivers:
        mask[receiver, BEFORE : BEFORE + IMAGE] = torch.finfo(dtype).min
    return mask[None, None]


def sweep(arguments) -> dict:
    """One knockout condition, a fresh prefill under a mask, and one generative variant of 64 tokens."""
    model = decoder(arguments.shape, "sdpa")
    prompt = words(model, PROBED)
    mask = knocked_out(PROBED, [PROBED - 1], torch.bfloat16)
    condition = median_seconds(
        arguments.repetitions, lambda: model(prompt, attention_mask=mask, logits_to_keep=1, use_cache=True)
    )
    result = model(prompt, attention_mask=mask, logits_to_keep=1, use_cache=True)
    token, cache = result.logits[:, -1].argmax(-1, keepdim=True), result.past_key_values
    steps = 15
    start = time.perf_counter()
    for step in range(steps):
        row = torch.zeros((1, 1, 1, PROBED + step + 1), dtype=torch.bfloat16)
        row[..., BEFORE : BEFORE + IMAGE] = torch.finfo(torch.bfloat16).min
        result = model(token, past_key_values=cache, attention_mask=row, use_cache=True)
        token = result.logits[:, -1].argmax(-1, keepdim=True)
    per_token = (time.perf_counter() - start) / steps
    return {
        "condition_seconds": condition,
        "token_seconds": per_token,
        "last_token_24_seconds": 24 * condition,
        "all_36_seconds": 36 * condition,
        "generative_27_seconds": 27 * (condition + 63 * per_token),
        "extrapolated": True,
    }


def capture(arguments) -> dict:
    """Decoding after a prompt with a picture, with every layer's head-mean image row kept, and without."""
    model = decoder(arguments.shape, "eager")
    prompt = words(model, PROBED)
    steps = min(arguments.decode, 16)

    def decode(outputs: bool) -> float:
        result = model(prompt, logits_to_keep=1, use_cache=True)
        token, cache = result.logits[:, -1].argmax(-1, keepdim=True), result.past_key_values
        start = time.perf_counter()
        for _ in range(steps):
            result = model(token, past_key_values=cache, use_cache=True, output_attentions=outputs)
            if outputs:
                [layer[0, :, -1, BEFORE : BEFORE + IMAGE].float().mean(0) for layer in result.attentions]
            token = result.logits[:, -1].argmax(-1, keepdim=True)
        return time.perf_counter() - start

    seconds = {outputs: [] for outputs in (False, True)}
    for _ in range(arguments.repetitions):
        for outputs in seconds:
            seconds[outputs].append(decode(outputs))
    without, with_outputs = (statistics.median(seconds[outputs]) for outputs in (False, True))
    return {"probe": {"plain_seconds": without, "capture_seconds": with_outputs, "overhead": with_outputs / without - 1}}


def clip(arguments) -> dict:
    """CLIP ViT-L/14-336, one picture."""
    torch.set_default_dtype(torch.bfloat16)
    torch.manual_seed(1)
    model = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=1024,
            intermediate_size=4096,
            num_hidden_layers=24,
            num_attention_heads=16,
            image_size=336,
            patch_size=14,
            attn_implementation="sdpa",
        )
    ).eval()
    pixels = torch.randn(1, 3, 336, 336)
    return {"vision": {"seconds": median_seconds(arguments.repetitions, lambda: model(pixels))}}


MEASUREMENTS = {
    "sdpa": lambda arguments: plain(arguments, "sdpa"),
    "eager": lambda arguments: plain(arguments, "eager", output_attentions=True),
    "capture": capture,
    "sweep": sweep,
    "clip": clip,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASUREMENTS)
    parser.add_argument("--shape", choices=DECODERS, default="llama-1b")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        result = MEASUREMENTS[arguments.what](arguments)
    print(json.dumps({"version": transformers.__version__, **result}))
