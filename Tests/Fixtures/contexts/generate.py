"""Makes the fixtures of compressed contexts: `python generate.py`. README.md says what they hold.

The checkpoints are those of ../llava. Everything here goes through transformers' own cache, edited by hand.
"""

import json
import pathlib
import sys

import torch
from transformers import DynamicCache

HERE = pathlib.Path(__file__).parent
LLAVA = HERE.parent / "llava"
sys.path.insert(0, str(LLAVA))

import checkpoint  # noqa: E402
import configurations  # noqa: E402
import generate  # noqa: E402
from oracle import Oracle  # noqa: E402

DESCRIPTION, ANSWER = 8, 12
MARGIN, GAP = 1e-3, 1e-6
QUESTIONS = ["Is it a dog?", "Where?", "What is red here?", "How many are there?", "And now?", "Why?"]
CASES = {
    "mha-crop": ["one_image", "two_images"],
    "gqa-pad": ["one_image"],
    "features": ["three_images", "many_turns"],
}
WAYS = [
    ("qs", "generated", 0.25),
    ("qs", "question", 5),
    ("qs", "norm", 0.5),
    ("qs", "generated", 1.0),
    ("q", "generated", 0.25),
    ("s", "generated", 0.5),
    ("s", "question", 0.3),
]


class Context:
    """One prompt, described once, with the attention and states of that pass."""

    def __init__(self, model, prompt, stop):
        self.model, self.prompt, self.stop = model, prompt, stop
        oracle = Oracle(model, prompt.ids, prompt.pixel_values)
        tokens, self.margin, self.run = oracle.greedy(DESCRIPTION, stop)
        self.description = [token for token in tokens if token not in stop]
        self.layers = oracle.layers
        self.length = len(prompt.ids)
        self.image = [position for start, end in prompt.image_ranges for position in range(start, end)]

    def scores(self, select):
        """[layers, image tokens]"""
        first = self.length - 1
        if select == "norm":
            return self.run.hidden[: self.layers, self.image].norm(dim=-1)
        rows = range(first, first + len(self.description)) if select == "generated" else [first]
        return self.run.pattern[:, :, list(rows)][..., self.image].mean(dim=(1, 2))

    def kept(self, strategy, select, keep):
        """Image positions of each layer, and the least distance between a kept score and one that is not."""
        if strategy == "q":
            return [[] for _ in range(self.layers)], 1.0
        count = int(keep * len(self.image)) if isinstance(keep, float) else keep
        ordered = self.scores(select).sort(dim=-1, descending=True)
        positions = [sorted(self.image[i] for i in row[:count].tolist()) for row in ordered.indices]
        values = ordered.values
        gap = float((values[:, count - 1] - values[:, count]).min()) if count < len(self.image) else 1.0
        return positions, gap

    @torch.no_grad()
    def ask(self, ids, kept, strategy):
        """Greedy answer to a turn of `ids`, and its least margin."""
        inputs = {"input_ids": torch.tensor([self.prompt.ids]), "pixel_values": self.prompt.pixel_values}
        whole = self.model(**inputs, use_cache=True).past_key_values
        text = [] if strategy == "s" else sorted(set(range(self.length)) - set(self.image))
        cache = DynamicCache()
        for layer, positions in enumerate(kept):
            chosen = torch.tensor(sorted(text + positions))
            old = whole.layers[layer]
            cache.update(old.keys[:, :, chosen], old.values[:, :, chosen], layer)
        tokens, margin, step, position = [], float("inf"), ids, self.length
        while len(tokens) < ANSWER:
            # Positions go on from the prompt's end, whatever the cache holds.
            places = torch.arange(position, position + len(step))[None]
            output = self.model(
                input_ids=torch.tensor([step]), past_key_values=cache, position_ids=places, use_cache=True
            )
            best = output.logits[0, -1].topk(2)
            margin = min(margin, float(best.values[0] - best.values[1]))
            tokens.append(int(best.indices[0]))
            if tokens[-1] in self.stop:
                break
            position += len(step)
            step = tokens[-1:]
        return tokens, margin


def case(context, tokenizer, strategy, select, keep):
    kept, gap = context.kept(strategy, select, keep)
    assert gap >= GAP, f"{strategy} {select}: two scores are {gap} apart"
    for question in QUESTIONS:
        ids = tokenizer.encode(f"USER: {question} ASSISTANT:", add_special_tokens=False)
        tokens, margin = context.ask(ids, kept, strategy)
        if margin >= MARGIN and len(set(tokens)) > 3:
            return {
                "compress": {"strategy": strategy, "select": select, "keep": keep},
                "kept": kept,
                "question": question,
                "ids": ids,
                "tokens": tokens,
                "margin": margin,
            }
    raise AssertionError(f"{strategy} {select}: no question is good enough")


def main():
    generate.begin()
    for name, prompts in CASES.items():
        configuration = configurations.ALL[name]()
        model, processor = generate.load(LLAVA / name)
        stop = [configuration.text["eos_token_id"]]
        records = {}
        for key in prompts:
            prompt = generate.Prompt(key, *configuration.prompts[key], processor)
            context = Context(model, prompt, stop)
            assert context.margin >= MARGIN
            cases = [case(context, processor.tokenizer, *way) for way in WAYS]
            records[key] = {"max_tokens": DESCRIPTION, "description": context.description, "cases": cases}
        checkpoint.write_json(HERE / f"{name}.json", records)
        print(name, json.dumps({key: [c["margin"] for c in record["cases"]] for key, record in records.items()}))


if __name__ == "__main__":
    main()
