"""Writes pictures of scenes with captions, questions and COCO-style annotations; held-out ones also in MME's layout.

    python samples.py --out public/examples                 # the 24 examples that ship with the server
    python samples.py --out DIR --held-out 200 [--side 96]  # held-out scenes from their fixed seed
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

import polls
from questions import NOT_THERE, describe, questions
from render import coverage, outline, render
from world import COLOURS, HELD_OUT, SHAPES, Scene, SceneObject, scene

# The examples lie far behind the held-out indices that measurements use.
EXAMPLES_FROM = 100_000
EXAMPLES_BY_COUNT = {1: 5, 2: 7, 3: 7, 4: 5}
CATEGORIES = [f"{colour} {shape}" for shape in SHAPES for colour in COLOURS]
# One question a card of the viewer; the first picture gets the first, and so on.
ASKED = ("describe", "poll", "where", "colour", "count", "what", "shape", "relation")


def example_indices() -> list[int]:
    """Indices with the counts of EXAMPLES_BY_COUNT, fewest objects first; a red circle comes first of all."""
    left, chosen = dict(EXAMPLES_BY_COUNT), []
    index = EXAMPLES_FROM
    while sum(left.values()):
        drawn = scene(HELD_OUT, index)
        count = len(drawn.objects)
        wanted = drawn.objects[0].name == "red circle" and drawn.background.kind == "plain" if not chosen else True
        if left[count] and wanted and (chosen or count == 1):
            left[count] -= 1
            chosen.append(index)
        index += 1
    return sorted(chosen, key=lambda i: len(scene(HELD_OUT, i).objects))


def annotation(item: SceneObject, side: int) -> dict:
    """One object in COCO's terms, with its words as attributes."""
    points = outline(item) * side
    low, high = points.min(0), points.max(0)
    return {
        "category_id": 1 + CATEGORIES.index(item.name),
        "bbox": [round(float(v), 2) for v in (*low, *(high - low))],
        "area": int((coverage(item, side) >= 0.5).sum()),
        "segmentation": [[round(float(v), 2) for v in points.flatten()]],
        "iscrowd": 0,
        "attributes": {"size": item.size, "color": item.colour, "shape": item.shape, "place": item.place},
    }


def card_question(drawn: Scene, index: int, kind: str) -> str:
    """A well-typed question of this kind about something that is there; a description where none exists."""
    if kind == "describe":
        return "Describe this image."
    for attempt in range(30):
        for question in questions(drawn, np.random.default_rng((HELD_OUT, index, 2, attempt))):
            typed = question.text[0].isupper() and question.text.endswith("?")
            if question.kind == kind and typed and question.answer != NOT_THERE:
                return question.text
    return "Describe this image."


def save_picture(drawn: Scene, side: int, path: Path, lossless: bool) -> str:
    """PNG where nothing may be lost or little is to store, JPEG else; returns the file's name."""
    picture = Image.fromarray(render(drawn, side))
    if lossless or drawn.background.kind == "plain":
        picture.save(path.with_suffix(".png"), optimize=True)
        return path.with_suffix(".png").name
    picture.save(path.with_suffix(".jpg"), quality=92, subsampling=0, optimize=True)
    return path.with_suffix(".jpg").name


def write(indices: list[int], out: Path, side: int, lossless: bool) -> None:
    out.mkdir(parents=True, exist_ok=True)
    cards, pictures, annotations, asked = [], [], [], []
    for number, index in enumerate(indices):
        drawn = scene(HELD_OUT, index)
        file = save_picture(drawn, side, out / f"scene-{number + 1:02}", lossless)
        every = questions(drawn, np.random.default_rng((HELD_OUT, index, 1)))
        question = card_question(drawn, index, ASKED[number % len(ASKED)])
        cards.append({"file": file, "caption": describe(drawn, "Describe this image."), "question": question})
        pictures.append({"id": number + 1, "file_name": file, "width": side, "height": side})
        for item in drawn.objects:
            numbers = {"id": len(annotations) + 1, "image_id": number + 1}
            annotations.append({**numbers, **annotation(item, side)})
        asked += [{"image_id": number + 1, **vars(q)} for q in every]
    names = [
        {"id": i + 1, "name": name, "supercategory": name.split(" ")[1]} for i, name in enumerate(CATEGORIES)
    ]  # fmt: skip
    _save(out / "index.json", cards)
    _save(out / "annotations.json", {"images": pictures, "annotations": annotations, "categories": names})
    if lossless:
        _save(out / "questions.json", asked)


def _save(path: Path, value) -> None:
    """One entry a line: readable, and small differences stay small."""
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: [\n" + ",\n".join(json.dumps(v) for v in vs) + "\n]" for k, vs in value.items()]
        path.write_text("{" + ",\n".join(parts) + "}\n")
    else:
        path.write_text("[\n" + ",\n".join(json.dumps(v) for v in value) + "\n]\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=0, help="write this many held-out scenes instead")
    parser.add_argument("--side", type=int, default=0, help="pixels (examples 384, held-out 96)")
    options = parser.parse_args()
    if options.held_out:
        write(list(range(options.held_out)), options.out, options.side or 96, lossless=True)
        polls.write(list(range(options.held_out)), options.out / "mme", options.side or 96)
    else:
        write(example_indices(), options.out, options.side or 384, lossless=False)
