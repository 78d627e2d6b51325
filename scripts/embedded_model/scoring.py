"""What answers and maps are worth: pure functions over texts, boxes and numbers."""

from __future__ import annotations

import re

import numpy as np

from render import coverage
from world import COLOURS, PLACES, SHAPES, SIZES, Scene, SceneObject

_NAME = f"({'|'.join(COLOURS)}) ({'|'.join(SHAPES)})"
_OBJECT = re.compile(
    f"an? ({'|'.join(SIZES)}) {_NAME} at the ({'|'.join(sorted(PLACES, key=len, reverse=True))})"
)  # fmt: skip
_NAMED = re.compile(rf"\b{_NAME}\b")


def told_objects(text: str) -> set[tuple[str, ...]]:
    """Objects of a description in the world's own wording: (size, colour, shape, place)."""
    return set(_OBJECT.findall(text))


def told_names(text: str) -> set[tuple[str, ...]]:
    """(colour, shape) of every object that a text names, however it goes on."""
    return set(_NAMED.findall(text))


def true_objects(drawn: Scene) -> set[tuple[str, ...]]:
    return {(o.size, o.colour, o.shape, o.place) for o in drawn.objects}


def true_names(drawn: Scene) -> set[tuple[str, ...]]:
    return {(o.colour, o.shape) for o in drawn.objects}


def object_f1(told: set, true: set) -> float:
    """2·TP / (told + true); two empty lists agree."""
    return 2 * len(told & true) / (len(told) + len(true)) if told or true else 1.0


def answers_exactly(answer: str, expected: str, given: str = "") -> bool:
    """Whether an answer that continues `given` makes exactly the expected sentence."""
    return f"{given} {answer.strip()}".strip() == expected


def patch_cover(item: SceneObject, side: int, grid: int) -> np.ndarray:
    """The share of each patch that the object covers, [grid, grid]."""
    step = side // grid
    return coverage(item, side).reshape(grid, step, grid, step).mean((1, 3))


def dilated(patches: np.ndarray, steps: int) -> np.ndarray:
    """A bool grid grown by steps of 8-neighbour dilation."""
    grown = patches
    for _ in range(steps):
        padded = np.pad(grown, 1)
        rows, columns = grown.shape
        grown = np.logical_or.reduce(
            [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
        )  # fmt: skip
    return grown


def patches_in_box(patch_boxes: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    """Which patches overlap a box, bool [patches]; both in pixels as [x0, y0, x1, y1]."""
    x0, y0, x1, y1 = np.asarray(patch_boxes, float).T
    return (x0 < box[2]) & (x1 > box[0]) & (y0 < box[3]) & (y1 > box[1])


def naming_rows(tokens: list[str], item: SceneObject) -> list[int]:
    """Where a token sequence names this object's colour and shape side by side; empty where it does not."""
    words = [t.strip() for t in tokens]
    for index in range(len(words) - 1):
        if words[index] == item.colour and words[index + 1] == item.shape:
            return [index, index + 1]
    return []


def peaks_inside(maps: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Whether the greatest value of each map lies on a chosen patch: maps [layers, patches] → bool [layers]."""
    return inside[np.argmax(maps, axis=1)]


def names_object(words: list[str], item: SceneObject) -> bool:
    """Whether the lens's words hold the object's colour or shape."""
    return any(word.strip() in (item.colour, item.shape) for word in words)


def share(right: int, asked: int) -> float | None:
    """A rounded share, or nothing where nothing was asked."""
    return round(right / asked, 4) if asked else None
