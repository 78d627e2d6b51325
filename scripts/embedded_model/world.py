"""The world the embedded model knows: one to four flat shapes on a varied background.

A scene is a description in unit coordinates (origin top left, side 1), so that the same scene can be drawn at
96 pixels for training and at any other size for people. Everything follows from (stream, index): the streams
TRAIN and HELD_OUT never share a seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TRAIN, HELD_OUT = 1, 2

SHAPES = ("circle", "square", "triangle", "star", "diamond", "cross", "heart", "ring")
COLOURS = {
    "red": (214, 38, 38),
    "green": (34, 160, 58),
    "blue": (38, 78, 214),
    "yellow": (242, 214, 40),
    "purple": (124, 42, 168),
    "pink": (248, 138, 190),
    "white": (248, 248, 248),
    "black": (16, 16, 16),
}
# Box side as a fraction of the picture's side; the gap between the two ranges keeps the words unambiguous.
SIZES = {"small": (0.15, 0.20), "large": (0.28, 0.38)}
PLACES = (
    "top left", "top", "top right",
    "left", "center", "right",
    "bottom left", "bottom", "bottom right",
)  # fmt: skip
BACKGROUNDS = ("plain", "gradient", "noise", "texture")
MAX_OBJECTS = 4

# Centres stay this far from the lines between the nine places: a place is a word, and words need clear cases.
PLACE_MARGIN = 0.03
GAP = 0.02


@dataclass(frozen=True)
class SceneObject:
    """One object; `x`, `y`, `extent` (side of its box) are fractions of the picture's side."""

    shape: str
    colour: str
    size: str
    x: float
    y: float
    extent: float
    angle: float
    rgb: tuple[int, int, int]

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"

    @property
    def cell(self) -> int:
        """Index of its place in PLACES."""
        return 3 * min(int(self.y * 3), 2) + min(int(self.x * 3), 2)

    @property
    def place(self) -> str:
        return PLACES[self.cell]


@dataclass(frozen=True)
class Background:
    kind: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    seed: int


@dataclass(frozen=True)
class Scene:
    """Objects in reading order of their places; no two share a place or a (colour, shape) pair."""

    objects: tuple[SceneObject, ...]
    background: Background


def scene(stream: int, index: int, crowding: float = 1.0) -> Scene:
    """The scene of a stream at an index. `crowding` below 1 favours fewer objects (a curriculum)."""
    random = np.random.default_rng((stream, index))
    weights = np.array([1.0, crowding, crowding**2, crowding**3])
    count = 1 + int(random.choice(MAX_OBJECTS, p=weights / weights.sum()))
    while True:
        objects = _place_objects(random, count)
        if objects is not None:
            return Scene(objects, _background(random, objects))


def _place_objects(random: np.random.Generator, count: int) -> tuple[SceneObject, ...] | None:
    """`count` objects in distinct places, or None when they would not fit."""
    placed: list[SceneObject] = []
    for cell in sorted(int(c) for c in random.choice(9, size=count, replace=False)):
        shape, colour = _identity(random, placed)
        size = str(random.choice(list(SIZES)))
        for _ in range(20):
            candidate = _object_in(random, cell, shape, colour, size)
            if all(_apart(candidate, other) for other in placed):
                placed.append(candidate)
                break
        else:
            return None
    return tuple(placed)


def _identity(random: np.random.Generator, placed: list[SceneObject]) -> tuple[str, str]:
    """A new (shape, colour) pair; half of the time it repeats a shape or a colour, so that binding matters."""
    while True:
        shape, colour = str(random.choice(SHAPES)), str(random.choice(list(COLOURS)))
        if placed and random.random() < 0.5:
            other = placed[int(random.integers(len(placed)))]
            if random.random() < 0.5:
                shape = other.shape
            else:
                colour = other.colour
        if all((shape, colour) != (other.shape, other.colour) for other in placed):
            return shape, colour


def _object_in(random: np.random.Generator, cell: int, shape: str, colour: str, size: str) -> SceneObject:
    extent = float(random.uniform(*SIZES[size]))
    centre = []
    for third in (cell % 3, cell // 3):
        low = max(third / 3 + PLACE_MARGIN, extent / 2 + 0.005)
        high = min((third + 1) / 3 - PLACE_MARGIN, 1 - extent / 2 - 0.005)
        centre.append(float(random.uniform(low, high)))
    rgb = tuple(int(c) for c in np.clip(np.array(COLOURS[colour]) + random.integers(-14, 15, 3), 0, 255))
    angle = float(random.uniform(-8, 8))
    return SceneObject(shape, colour, size, centre[0], centre[1], extent, angle, rgb)


def _apart(a: SceneObject, b: SceneObject) -> bool:
    return max(abs(a.x - b.x), abs(a.y - b.y)) > (a.extent + b.extent) / 2 + GAP


def _background(random: np.random.Generator, objects: tuple[SceneObject, ...]) -> Background:
    """Two muted tones: bright enough under black objects and dark enough under white ones."""
    colours = {o.colour for o in objects}
    low, high = (95 if "black" in colours else 55), (165 if "white" in colours else 205)
    kind = str(random.choice(BACKGROUNDS, p=(0.4, 0.2, 0.2, 0.2)))
    grey = kind == "plain" and random.random() < 0.6
    tones = []
    for _ in range(2):
        tint = np.zeros(3) if grey else random.uniform(-16, 16, 3)
        tones.append(tuple(float(c) for c in np.clip(random.uniform(low, high) + tint, 0, 255)))
    return Background(kind, tones[0], tones[1], int(random.integers(2**31)))
