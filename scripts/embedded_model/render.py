"""Draws scenes, and says exactly where their objects are: outlines, boxes, masks and labels of patches."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from world import COLOURS, SHAPES, SIZES, Background, Scene, SceneObject

SUPERSAMPLING = 4


def outline(item: SceneObject) -> np.ndarray:
    """The object's polygon in unit coordinates, [points, 2]. A ring is one polygon with a seam to its hole."""
    points = _UNIT_OUTLINES[item.shape]
    angle = math.radians(item.angle)
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    points = points @ rotation
    low, high = points.min(0), points.max(0)
    # The rotated outline is scaled back, so that its longer box side is exactly the extent.
    points = (points - (low + high) / 2) / (high - low).max()
    return points * item.extent + np.array([item.x, item.y])


def coverage(item: SceneObject, side: int) -> np.ndarray:
    """How much of each pixel the object covers, 0…1, [side, side]."""
    fine = side * SUPERSAMPLING
    canvas = Image.new("L", (fine, fine))
    ImageDraw.Draw(canvas).polygon([tuple(p) for p in outline(item) * fine - 0.5], fill=255)
    return np.asarray(canvas.reduce(SUPERSAMPLING), np.float32) / 255


def render(scene: Scene, side: int, grain: float = 2.0) -> np.ndarray:
    """The picture, uint8 [side, side, 3]; `grain` is the standard deviation of its sensor noise."""
    picture, _ = render_with_masks(scene, side, grain)
    return picture


def render_with_masks(scene: Scene, side: int, grain: float = 2.0) -> tuple[np.ndarray, list[np.ndarray]]:
    """The picture and each object's coverage."""
    random = np.random.default_rng(scene.background.seed)
    picture = _paint_background(scene.background, side, random)
    masks = [coverage(item, side) for item in scene.objects]
    for item, mask in zip(scene.objects, masks):
        picture += mask[..., None] * (np.array(item.rgb, np.float32) - picture)
    if grain > 0 and scene.background.kind != "plain":
        picture += random.standard_normal(picture.shape, np.float32) * np.float32(grain)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), masks


def patch_labels(scene: Scene, masks: list[np.ndarray], grid: int) -> np.ndarray:
    """What lies under each patch, int64 [grid², 4]: colour, shape, size, place, each 0 for the background."""
    labels = np.zeros((grid, grid, 4), np.int64)
    best = np.full((grid, grid), 0.12, np.float32)
    for item, mask in zip(scene.objects, masks):
        step = mask.shape[0] // grid
        share = mask.reshape(grid, step, grid, step).mean((1, 3))
        here = share > best
        labels[here] = (
            1 + list(COLOURS).index(item.colour),
            1 + SHAPES.index(item.shape),
            1 + list(SIZES).index(item.size),
            1 + item.cell,
        )
        best = np.maximum(best, share)
    return labels.reshape(grid * grid, 4)


# MARK: backgrounds


def _paint_background(background: Background, side: int, random: np.random.Generator) -> np.ndarray:
    low, high = np.array(background.low, np.float32), np.array(background.high, np.float32)
    if background.kind == "plain":
        return np.broadcast_to(low, (side, side, 3)).copy()
    if background.kind == "gradient":
        blend = _ramp(side, random)
    elif background.kind == "noise":
        blend = _clouds(side, random)
    else:
        blend = _pattern(side, random)
    return low + blend[..., None] * (high - low)


def _ramp(side: int, random: np.random.Generator) -> np.ndarray:
    angle = random.uniform(0, 2 * math.pi)
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    return np.clip(0.5 + (axis[None] * math.cos(angle) + axis[:, None] * math.sin(angle)) * 0.8, 0, 1)


def _clouds(side: int, random: np.random.Generator) -> np.ndarray:
    cells = int(random.integers(4, 17))
    coarse = Image.fromarray((random.random((cells, cells)) * 255).astype(np.uint8))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255


def _pattern(side: int, random: np.random.Generator) -> np.ndarray:
    """Soft stripes or a soft checkerboard at half contrast."""
    angle, period = random.uniform(0, math.pi), random.uniform(0.06, 0.2)
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * (2 * math.pi / period)
    u = np.sin(axis[None] * math.cos(angle) + axis[:, None] * math.sin(angle))
    if random.random() < 0.5:
        u = u * np.sin(axis[:, None] * math.cos(angle) - axis[None] * math.sin(angle))
    return (0.5 + 0.25 * np.clip(3 * u, -1, 1)).astype(np.float32)


# MARK: outlines


def _circle(count: int, radius: float = 1.0) -> np.ndarray:
    t = np.arange(count) * (2 * math.pi / count)
    return np.stack([np.cos(t), np.sin(t)], 1) * radius


def _star() -> np.ndarray:
    t = np.arange(10) * (math.pi / 5) - math.pi / 2
    radius = np.where(np.arange(10) % 2 == 0, 1.0, 0.42)
    return np.stack([np.cos(t) * radius, np.sin(t) * radius], 1)


def _heart() -> np.ndarray:
    """The usual heart curve: x = 16 sin³t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t."""
    t = np.arange(48) * (2 * math.pi / 48)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y], 1) / 16


def _ring() -> np.ndarray:
    outer, inner = _circle(48), _circle(48, 0.52)
    return np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])


_ARM = 0.32
_UNIT_OUTLINES = {
    "circle": _circle(48),
    "square": np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float),
    "triangle": np.array([[0, -1], [1, 0.8], [-1, 0.8]], float),
    "star": _star(),
    "diamond": np.array([[0, -1], [0.75, 0], [0, 1], [-0.75, 0]], float),
    "cross": np.array(
        [[-_ARM, -1], [_ARM, -1], [_ARM, -_ARM], [1, -_ARM], [1, _ARM], [_ARM, _ARM],
         [_ARM, 1], [-_ARM, 1], [-_ARM, _ARM], [-1, _ARM], [-1, -_ARM], [-_ARM, -_ARM]], float
    ),
    "heart": _heart(),
    "ring": _ring(),
}  # fmt: skip
