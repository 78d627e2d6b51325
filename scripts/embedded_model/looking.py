"""Where the model looks while it describes: fractions by token type, and whether the peak lies on the named object."""

from __future__ import annotations

import numpy as np

from answers import DESCRIPTION_TOKENS, PROMPT, SIDE, HeldOut
from render import outline
from scoring import naming_rows, patches_in_box, peaks_inside
from server import Server, chat


def describe_with_attention(server: Server, scenes: list[HeldOut]) -> list[dict]:
    """Answers of /v1/attention: every generated token's row over the image, head mean, all layers."""
    attention = {"rows": "generated", "layers": "all", "heads": "mean", "columns": "image"}

    def ask(held: HeldOut) -> dict:
        body = chat(held.image, PROMPT, max_tokens=DESCRIPTION_TOKENS, attention=attention)
        return server.post("/v1/attention", body)

    return server.map(ask, scenes)


def fractions(answers: list[dict]) -> dict:
    """Mean and standard deviation over generated tokens and scenes, [layer] by token type."""
    kinds = sorted({kind for a in answers for kind in a["attention"]["fractions"]})
    rows = {k: np.concatenate([np.array(a["attention"]["fractions"][k]) for a in answers]) for k in kinds}
    return {
        "scenes": len(answers), "rows": len(rows[kinds[0]]),
        "mean": {k: _rounded(v.mean(0)) for k, v in rows.items() if v.any()},
        "deviation": {k: _rounded(v.std(0)) for k, v in rows.items() if v.any()},
        "sum_error": float(np.abs(sum(rows.values()) - 1).max()),
    }  # fmt: skip


def localization(scenes: list[HeldOut], answers: list[dict]) -> dict:
    """Share of colour and shape tokens whose peak lies in their object's box, dilated by a patch; [layer].

    Chance is the mean share of patches that would count as a hit.
    """
    hits, chance = [], []
    for held, answer in zip(scenes, answers):
        maps = np.array(answer["attention"]["maps"])
        tokens = [row["token"] for row in answer["attention"]["rows"]]
        boxes = np.array(answer["layout"]["images"][0]["patch_boxes"])
        for item in held.drawn.objects:
            inside = patches_in_box(boxes, _dilated_box(item, boxes))
            for row in naming_rows(tokens, item):
                hits.append(peaks_inside(maps[row], inside))
                chance.append(inside.mean())
    return {
        "tokens": len(hits), "by_layer": _rounded(np.mean(hits, 0)) if hits else [],
        "chance": round(float(np.mean(chance)), 4) if hits else None,
    }  # fmt: skip


def _dilated_box(item, boxes: np.ndarray) -> tuple[float, ...]:
    points, patch = outline(item) * SIDE, boxes[0][2] - boxes[0][0]
    return (*(points.min(0) - patch), *(points.max(0) + patch))


def _rounded(values) -> list[float]:
    return [round(float(v), 4) for v in values]
