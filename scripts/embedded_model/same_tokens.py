"""Whether the server's greedy tokens are those of transformers in float32."""

from __future__ import annotations

from pathlib import Path

from answers import DESCRIPTION_TOKENS, PROMPT, SIDE, HeldOut
from render import render


def reference_tokens(model: Path, scenes: list[HeldOut]) -> list[list[int]]:
    """Greedy ids of each scene's description, without the end token. Needs torch and transformers."""
    import torch
    from PIL import Image
    from transformers import AutoProcessor, LlavaForConditionalGeneration

    llava = LlavaForConditionalGeneration.from_pretrained(model, dtype=torch.float32).eval()
    processor = AutoProcessor.from_pretrained(model)
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": PROMPT}]}]
    text = processor.apply_chat_template(turns, add_generation_prompt=True)
    end, found = llava.generation_config.eos_token_id, []
    for held in scenes:
        inputs = processor(images=Image.fromarray(render(held.drawn, SIDE)), text=text, return_tensors="pt")
        with torch.no_grad():
            tokens = llava.generate(**inputs, do_sample=False, max_new_tokens=DESCRIPTION_TOKENS)
        ids = tokens[0, inputs["input_ids"].shape[1] :].tolist()
        found.append(ids[: ids.index(end)] if end in ids else ids)
    return found


def compare(model: Path, scenes: list[HeldOut], answers: list[dict]) -> dict:
    """How many of the described scenes have identical ids; `answers` are the server's, with `tokens`."""
    served = [[token["id"] for token in answer["tokens"]] for answer in answers]
    reference = reference_tokens(model, scenes)
    return {"scenes": len(scenes), "identical": sum(a == b for a, b in zip(served, reference))}
