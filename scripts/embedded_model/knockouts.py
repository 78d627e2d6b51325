"""P2's three knockouts: what is left of a description when the picture is cut off from some layer on."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from answers import DESCRIPTION_TOKENS, PROMPT, HeldOut
from scoring import object_f1, told_names, true_names
from server import Server, chat

PRESETS = ("img->gen", "img->txt", "img->txt+gen")
# The middle that LLaVA keeps, as fractions of depth.
MIDDLE = (0.125, 0.625)


def selectors(depth: int) -> list[dict]:
    """From each layer on, and all but the middle."""
    middle = [int(MIDDLE[0] * depth + 0.5), int(MIDDLE[1] * depth + 0.5)]
    return [{"from": layer} for layer in range(depth)] + [{"except": middle}]


def knockouts(server: Server, scenes: list[HeldOut], depth: int) -> dict:
    """Mean object F1 against the truth and against the whole model's own answer, [layer] by preset."""
    layers = selectors(depth)

    def study(held: HeldOut) -> dict:
        sweep = {"knockouts": list(PRESETS), "layers": layers}
        body = chat(held.image, PROMPT, max_tokens=DESCRIPTION_TOKENS, sweep=sweep, score={"top_k": 0})
        return server.post("/v1/knockout", body)

    truth, own, unaffected = defaultdict(list), defaultdict(list), []
    for held, answer in zip(scenes, server.map(study, scenes)):
        baseline, true = told_names(answer["baseline"]["text"]), true_names(held.drawn)
        unaffected.append(object_f1(baseline, true))
        for index, variant in enumerate(answer["variants"]):
            told = told_names(variant["run"]["text"])
            key = (PRESETS[index // len(layers)], index % len(layers))
            truth[key].append(object_f1(told, true))
            own[key].append(object_f1(told, baseline))
    return {
        "scenes": len(scenes), "baseline_f1": _mean(unaffected), "middle": layers[-1]["except"],
        "against_truth": {p: _curve(truth, p, depth) for p in PRESETS},
        "against_baseline": {p: _curve(own, p, depth) for p in PRESETS},
        "except_middle_against_truth": {p: _mean(truth[p, depth]) for p in PRESETS},
        "except_middle_against_baseline": {p: _mean(own[p, depth]) for p in PRESETS},
    }  # fmt: skip


def _curve(values: dict, preset: str, depth: int) -> list[float]:
    return [_mean(values[preset, layer]) for layer in range(depth)]


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4)
