"""Questions about a scene and their one right answer each.

The wording of an answer follows from the wording of its question, so greedy decoding has one target.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from world import COLOURS, PLACES, SHAPES, SIZES, Scene, SceneObject

DESCRIBE_PROMPTS = {
    "Describe this image.": "The image shows",
    "describe the image": "The image shows",
    "Describe the image.": "The image shows",
    "What is in this image?": "The image shows",
    "Describe this picture in detail.": "The image shows",
    "What do you see?": "I see",
    "List the objects.": "There is",
}
NUMBERS = ("Zero", "One", "Two", "Three", "Four")
NOT_THERE = "Nothing."
# Least distance of centres for "left of" and the like, and the most that still counts as level.
CLEARLY, LEVEL = 0.15, 0.05


@dataclass(frozen=True)
class Question:
    """A question, its answer, and how much of the answer the prompt already gives."""

    kind: str
    text: str
    answer: str
    given: str = ""


def describe(scene: Scene, prompt: str) -> str:
    """Every object with size, colour, shape and place, in reading order."""
    parts = [f"a {o.size} {o.colour} {o.shape} at the {o.place}" for o in scene.objects]
    listed = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    return f"{DESCRIBE_PROMPTS[prompt]} {listed}."


def questions(scene: Scene, random: np.random.Generator) -> list[Question]:
    """A dozen questions or so: one description, four polls, and the others in turn."""
    return [
        _describe(scene, random),
        *(_poll(scene, random, present) for present in (True, False, True, False)),
        _where(scene, random),
        _where(scene, random),
        _colour(scene, random),
        _shape(scene, random) if random.random() < 0.6 else _size(scene, random),
        _count(scene, random),
        _what_at(scene, random),
        _relation(scene, random) or _poll(scene, random, bool(random.random() < 0.5)),
    ]


def drills(scene: Scene, random: np.random.Generator) -> list[Question]:
    """More of what is learnt slowest, for training only: counting what several objects share, which is rare by chance."""
    shapes = Counter(plural(o.shape) for o in scene.objects)
    colours = Counter(f"{o.colour} objects" for o in scene.objects)
    shared = [(name, count) for name, count in (shapes + colours).items() if count > 1]
    asked = [_how_many(*_pick(random, shared), random)] if shared else []
    return [*asked, _count(scene, random)]


def everything_said() -> list[str]:
    """Each word and turn of phrase once, for training the tokenizer."""
    lines = [f"USER: \n{p} ASSISTANT: {a} a small and," for p, a in DESCRIBE_PROMPTS.items()]
    for shape in SHAPES:
        for colour in COLOURS:
            for size in SIZES:
                lines.append(f"Is there a {size} {colour} {shape} in this image? is there a {shape} in the picture")
                lines.append(f"What color is the {shape}? What colour is the {shape}? It is {colour}.")
                lines.append(f"What shape is the {colour} object? what It is a {shape}. What size is the It is {size}.")
                lines.append(f"How many {plural(shape)} are there? how many {colour} objects are there?")
    for place in PLACES:
        lines += [f"Where is the object at the {place}? where is It is at the {place}."] * 8
        lines += [f"What is left of the What is right of the What is above the What is below the {place}?"] * 8
    lines += ["Is\nis\nWhere\nwhere\nWhat\nwhat\nHow\nhow\nYes\nNo\n"] * 8
    return lines + [f"{n}. {n.lower()}. Yes. No. yes no {NOT_THERE} What is this? Is" for n in NUMBERS] * 8


def plural(shape: str) -> str:
    return shape + ("es" if shape.endswith("s") else "s")


# MARK: kinds


def _pick(random: np.random.Generator, items):
    return items[int(random.integers(len(items)))]


def _casual(text: str, random: np.random.Generator) -> str:
    """Now and then the question as people type it: lower case, no question mark."""
    if random.random() < 0.12:
        text = text[0].lower() + text[1:]
        text = text.rstrip("?.") if random.random() < 0.5 else text
    return text


def _describe(scene: Scene, random: np.random.Generator) -> Question:
    prompts = list(DESCRIBE_PROMPTS)
    prompt = prompts[int(random.choice(len(prompts), p=(0.3, 0.3, 0.12, 0.07, 0.07, 0.07, 0.07)))]
    if len(scene.objects) == 1 and random.random() < 0.25:
        answer = f"It is a {scene.objects[0].name}."
        if random.random() < 0.3:
            return Question("what", _casual("What is this?", random), answer)
        return Question("begun", prompt, answer, "It is a")
    return Question("describe", prompt, describe(scene, prompt))


def _poll(scene: Scene, random: np.random.Generator, present: bool) -> Question:
    asked, size = _present_pair(scene, random) if present else _absent_pair(scene, random)
    words = " ".join(([size] if size else []) + list(asked))
    where = "in this image" if random.random() < 0.8 else "in the image"
    return Question("poll", _casual(f"Is there a {words} {where}?", random), "Yes." if present else "No.")


def _present_pair(scene: Scene, random: np.random.Generator) -> tuple[tuple[str, str], str]:
    item = _pick(random, scene.objects)
    return _generalised(item.colour, item.shape, random), item.size if random.random() < 0.1 else ""


def _generalised(colour: str, shape: str, random: np.random.Generator) -> tuple[str, ...]:
    """Mostly both words, sometimes only the shape or only the colour."""
    roll = random.random()
    return (colour, shape) if roll < 0.7 else (shape,) if roll < 0.85 else (colour, "object")


def _absent_pair(scene: Scene, random: np.random.Generator) -> tuple[tuple[str, ...], str]:
    """Hard negatives: words that do occur in the picture, but not on one object."""
    pairs = {(o.colour, o.shape) for o in scene.objects}
    colours, shapes = {o.colour for o in scene.objects}, {o.shape for o in scene.objects}
    roll = random.random()
    if roll < 0.15:
        return (str(_pick(random, [s for s in SHAPES if s not in shapes])),), ""
    if roll < 0.3:
        return (str(_pick(random, [c for c in COLOURS if c not in colours])), "object"), ""
    if roll < 0.37:
        item = _pick(random, scene.objects)
        return (item.colour, item.shape), "small" if item.size == "large" else "large"
    swapped = [(c, s) for c in sorted(colours) for s in sorted(shapes) if (c, s) not in pairs]
    if swapped and roll < 0.6:
        return _pick(random, swapped), ""
    item = _pick(random, scene.objects)
    same_colour = [(item.colour, s) for s in SHAPES if (item.colour, s) not in pairs]
    same_shape = [(c, item.shape) for c in COLOURS if (c, item.shape) not in pairs]
    return _pick(random, same_colour if random.random() < 0.5 else same_shape), ""


def _only(scene: Scene, attribute: str) -> list[SceneObject]:
    """The objects that share this attribute with no other."""
    values = [getattr(o, attribute) for o in scene.objects]
    return [o for o in scene.objects if values.count(getattr(o, attribute)) == 1]


def _where(scene: Scene, random: np.random.Generator) -> Question:
    item, lone = _pick(random, scene.objects), _only(scene, "shape")
    name = item.name
    if lone and random.random() < 0.2:
        item = _pick(random, lone)
        name = item.shape
    return Question("where", _casual(f"Where is the {name}?", random), f"It is at the {item.place}.")


def _colour(scene: Scene, random: np.random.Generator) -> Question:
    lone, word = _only(scene, "shape"), "color" if random.random() < 0.85 else "colour"
    item = _pick(random, lone or scene.objects)
    target = item.shape if lone and random.random() < 0.8 else f"object at the {item.place}"
    return Question("colour", _casual(f"What {word} is the {target}?", random), f"It is {item.colour}.")


def _shape(scene: Scene, random: np.random.Generator) -> Question:
    lone = _only(scene, "colour")
    item = _pick(random, lone or scene.objects)
    target = f"{item.colour} object" if lone and random.random() < 0.7 else f"object at the {item.place}"
    return Question("shape", _casual(f"What shape is the {target}?", random), f"It is a {item.shape}.")


def _size(scene: Scene, random: np.random.Generator) -> Question:
    item = _pick(random, scene.objects)
    return Question("size", _casual(f"What size is the {item.name}?", random), f"It is {item.size}.")


def _count(scene: Scene, random: np.random.Generator) -> Question:
    roll, item = random.random(), _pick(random, scene.objects)
    if roll < 0.4:
        name, count = "objects", len(scene.objects)
    elif roll < 0.7:
        shape = item.shape if random.random() < 0.8 else _pick(random, SHAPES)
        name, count = plural(shape), sum(o.shape == shape for o in scene.objects)
    else:
        colour = item.colour if random.random() < 0.8 else _pick(random, list(COLOURS))
        name, count = f"{colour} objects", sum(o.colour == colour for o in scene.objects)
    return _how_many(name, count, random)


def _how_many(name: str, count: int, random: np.random.Generator) -> Question:
    return Question("count", _casual(f"How many {name} are there?", random), f"{NUMBERS[count]}.")


def _what_at(scene: Scene, random: np.random.Generator) -> Question:
    if random.random() < 0.12:
        place = _pick(random, [p for p in PLACES if all(p != o.place for o in scene.objects)])
        return Question("what", _casual(f"What is at the {place}?", random), NOT_THERE)
    item = _pick(random, scene.objects)
    return Question("what", _casual(f"What is at the {item.place}?", random), f"It is a {item.name}.")


def _relation(scene: Scene, random: np.random.Generator) -> Question | None:
    """What is left of …: asked only where exactly one object qualifies and no other is nearly so."""
    found = []
    for anchor in scene.objects:
        others = [o for o in scene.objects if o is not anchor]
        for words, axis, sign in _DIRECTIONS:
            offsets = [sign * (getattr(o, axis) - getattr(anchor, axis)) for o in others]
            clear = [o for o, d in zip(others, offsets) if d > CLEARLY]
            if len(clear) == 1 and sum(d > LEVEL for d in offsets) == 1:
                found.append((words, anchor, clear[0]))
    if not found:
        return None
    words, anchor, answer = _pick(random, found)
    return Question("relation", _casual(f"What is {words} the {anchor.name}?", random), f"It is a {answer.name}.")


_DIRECTIONS = (("left of", "x", -1), ("right of", "x", 1), ("above", "y", -1), ("below", "y", 1))
