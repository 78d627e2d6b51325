"""Draws the pictures the prompts show: few bytes, no symmetry, sizes that are not square."""

import io

import numpy as np
from PIL import Image, ImageDraw


def _scene(width, height, seed):
    """A gradient with coloured shapes and a little noise, so that every patch differs."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x * 200 / width + 30, y * 180 / height + 40, (x + y) * 150 / (width + height)], axis=-1)
    noise = rng.integers(0, 4, (height, width, 1)) * 4
    image = Image.fromarray((base + noise).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
        right, bottom = left + int(rng.integers(5, width // 2)), top + int(rng.integers(5, height // 2))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        (draw.rectangle if rng.random() < 0.5 else draw.ellipse)([left, top, right, bottom], fill=colour)
    return image


def _encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def draw_all():
    """File name to encoded bytes."""
    return {
        "street.png": _encoded(_scene(61, 43, 1).quantize(24).convert("RGB"), format="PNG", optimize=True),
        "tower.jpg": _encoded(_scene(70, 131, 2), format="JPEG", quality=80),
        "gray.png": _encoded(_scene(50, 33, 3).convert("L"), format="PNG", optimize=True),
        "field.jpg": _encoded(_scene(201, 120, 4), format="JPEG", quality=75),
    }
