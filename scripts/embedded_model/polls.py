"""Questions of yes or no about scenes in the layout of MME: two for each picture, one of either answer.

MME (arXiv 2306.13394) has a directory for each task; a picture NAME.png stands in it beside NAME.txt, whose two lines
are a question, a tab, and Yes or No.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from render import render
from world import COLOURS, HELD_OUT, SHAPES, Scene, scene

TASKS = ("existence", "shape", "colour", "size")


def polls(drawn: Scene, task: str, random: np.random.Generator) -> list[tuple[str, str]]:
    """A question that yes answers and one that no answers, in the words that the model was trained on."""
    item = drawn.objects[int(random.integers(len(drawn.objects)))]
    seen = {(o.colour, o.shape) for o in drawn.objects}
    other = {"small": "large", "large": "small"}[item.size]
    if task == "existence":
        yes, absent = item.name, [f"{c} {s}" for c in COLOURS for s in SHAPES if (c, s) not in seen]
        # A hard negative shares a word with the object where there is such a one.
        no = _pick(random, [name for name in absent if set(name.split()) & {item.colour, item.shape}])
    elif task == "shape":
        yes, no = item.shape, _pick(random, [s for s in SHAPES if s not in {shape for _, shape in seen}])
    elif task == "colour":
        yes = f"{item.colour} object"
        no = f"{_pick(random, [c for c in COLOURS if c not in {colour for colour, _ in seen}])} object"
    else:
        yes, no = f"{item.size} {item.name}", f"{other} {item.name}"
    return [(f"Is there a {yes} in this image?", "Yes"), (f"Is there a {no} in this image?", "No")]


def write(indices: list[int], out: Path, side: int) -> None:
    """Each scene belongs to one task, by turns."""
    for number, index in enumerate(indices):
        task, drawn = TASKS[number % len(TASKS)], scene(HELD_OUT, index)
        directory = out / task
        directory.mkdir(parents=True, exist_ok=True)
        Image.fromarray(render(drawn, side)).save(directory / f"scene-{number + 1:03}.png", optimize=True)
        asked = polls(drawn, task, np.random.default_rng((HELD_OUT, index, 3)))
        (directory / f"scene-{number + 1:03}.txt").write_text("".join(f"{q}\t{a}\n" for q, a in asked))


def _pick(random: np.random.Generator, items: list[str]) -> str:
    return items[int(random.integers(len(items)))]
