"""Measures an exported model on held-out scenes, through transformers.

    python evaluate.py --model DIR [--scenes 800] [--out metrics.json]

Short answers count when every token is the argmax, which is when greedy decoding gives exactly that answer.
Descriptions are generated and read back object by object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoProcessor, LlavaForConditionalGeneration

from batches import KINDS, collate, Scenes
from learner import Learner
from model import IMAGE_SIDE
from render import render
from scoring import object_f1, told_names, told_objects, true_names, true_objects
from tokenizer import train_tokenizer
from world import HELD_OUT, scene

PROMPT = "Describe this image."


def describe(model, processor, pictures: list[Image.Image], prompt: str = PROMPT) -> list[str]:
    """Greedy descriptions of a batch."""
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}]
    text = processor.apply_chat_template(turns, add_generation_prompt=True)
    inputs = processor(images=pictures, text=[text] * len(pictures), return_tensors="pt").to(model.device)
    with torch.no_grad():
        tokens = model.generate(**inputs, do_sample=False, max_new_tokens=96)
    return processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def description_scores(model, processor, count: int, batch: int = 50) -> dict[str, float]:
    """Object F1 (colour and shape) averaged over scenes, and the share of objects right in all four attributes."""
    f1, full, objects, whole = [], 0, 0, 0
    for start in range(0, count, batch):
        scenes = [scene(HELD_OUT, i) for i in range(start, min(start + batch, count))]
        pictures = [Image.fromarray(render(s, IMAGE_SIDE)) for s in scenes]
        for drawn, said in zip(scenes, describe(model, processor, pictures)):
            told, true = told_objects(said), true_objects(drawn)
            f1.append(object_f1(told_names(said), true_names(drawn)))
            full, objects, whole = full + len(true & told), objects + len(true), whole + (true == told)
    return {
        "description_f1": round(float(np.mean(f1)), 4),
        "full_attributes": round(full / objects, 4),
        "whole_descriptions": round(whole / count, 4),
    }


@torch.no_grad()
def poll_balance(learner: Learner, count: int) -> dict[str, float]:
    """Accuracy of polls whose answer is yes, and of those whose answer is no."""
    yes, no = (learner.packer.tokenizer.token_to_id(f"Ġ{word}") for word in ("Yes", "No"))
    right, asked = {yes: 0, no: 0}, {yes: 0, no: 0}
    scenes = Scenes(learner.packer, 0, count, stream=HELD_OUT)
    for start in range(0, count, 32):
        samples = [scenes[i] for i in range(start, min(start + 32, count))]
        fields = collate(samples, learner.packer.prefix)
        batch = {name: value.to(learner.device) for name, value in fields.items()}
        logits, target, where = learner.answers(batch, learner.see(batch["pixels"]))
        polled = batch["kind"][where] == KINDS.index("poll")
        for word in (yes, no):
            chosen = polled & (target == word)
            asked[word] += int(chosen.sum())
            right[word] += int((logits.argmax(-1) == target)[chosen].sum())
    return {
        "poll_yes": round(right[yes] / asked[yes], 4), "poll_no": round(right[no] / asked[no], 4),
        "polls": asked[yes] + asked[no],
    }  # fmt: skip


def evaluate(directory: Path, scenes: int) -> dict[str, float]:
    model = LlavaForConditionalGeneration.from_pretrained(directory, dtype=torch.float32).eval()
    processor = AutoProcessor.from_pretrained(directory)
    learner = Learner(model, train_tokenizer())
    return {
        **description_scores(model, processor, scenes),
        **learner.held_out_accuracy(scenes),
        **poll_balance(learner, scenes),
        "scenes": scenes,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=800)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    measured = json.dumps(evaluate(options.model, options.scenes), indent=2)
    print(measured)
    if options.out:
        options.out.write_text(measured + "\n")
