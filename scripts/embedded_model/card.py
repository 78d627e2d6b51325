"""The model card of the embedded model."""

from __future__ import annotations

import experiments
from findings import findings, table
from world import COLOURS, PLACES, SHAPES, SIZES

# Least accuracy of the kinds of question that have a target, and of descriptions.
TARGETS = {"poll": 0.96, "colour": 0.97, "count": 0.95, "where": 0.95}
DESCRIPTION_TARGETS = {"object_f1": 0.97, "full_attributes": 0.92}
POLL_GAP = 0.02


def model_card(parameters: int, metrics: dict) -> str:
    """The card; `metrics` is what measure.py wrote, or empty."""
    return f"""---
library_name: transformers
pipeline_tag: image-text-to-text
language: en
---
# Fovea's embedded model

A LLaVA with {parameters / 1e6:.1f} million parameters that knows one world: pictures of one to four flat shapes. It
ships with Fovea so that every probe can be tried, tested and timed without a download. On photographs it answers in
the words of its world, and the answers mean nothing.

- Shapes: {", ".join(SHAPES)}. Colours: {", ".join(COLOURS)}. Sizes: {" and ".join(SIZES)}.
- Places: {", ".join(PLACES)}; backgrounds plain, gradient, noise and texture.
- A CLIP tower reads 96 × 96 pixels as 12 × 12 patches (its last layer is used), a two-layer projector, and a Llama
  decoder of 8 layers and 4 heads. Byte-level BPE. Prompt: `USER: <image>\\n{{question}} ASSISTANT:`.
- Trained from nothing on generated scenes by `scripts/embedded_model`; `mean_embedding.safetensors` is the mean of the
  projector's outputs over 1,000 of them.

## Measured on held-out scenes
{_measured(metrics)}
"""


def _measured(metrics: dict) -> str:
    if not metrics:
        return "Not measured yet."
    return "\n\n".join([
        "Every number is an answer of Fovea's HTTP server, greedy, on scenes that training never saw:\n\n"
        f"```sh\n{metrics['command']}\n```",
        _answers(metrics),
        "## The papers' experiments on it",
        *findings(metrics["phenomena"]),
        *(f"Not measured: {name} ({reason})." for name, reason in metrics["skipped"].items()),
        *([experiments.section(metrics["experiments"])] if "experiments" in metrics else []),
    ])  # fmt: skip


# MARK: answers


def targets(metrics: dict) -> list[list]:
    """Rows of (measure, value, of how many, target, met?)."""
    described, asked = metrics["answers"]["description"], metrics["answers"]["questions"]
    rows = []
    for name in ("object_f1", "full_attributes", "whole_descriptions"):
        of = f"{described['objects']} objects" if name == "full_attributes" else f"{described['scenes']} scenes"
        rows.append([f"description: {name.replace('_', ' ')}", described[name], of, DESCRIPTION_TARGETS.get(name)])
    for name, value in asked.items():
        rows.append([name.replace("_", ": "), value["accuracy"], f"{value['asked']} questions", TARGETS.get(name)])
    judged = [[*row[:3], f"≥ {row[3]}" if row[3] else "", _verdict(row[1], row[3])] for row in rows]
    if "poll_yes" in asked and "poll_no" in asked:
        gap = abs(asked["poll_yes"]["accuracy"] - asked["poll_no"]["accuracy"])
        judged.append(["poll: yes against no", gap, "", f"≤ {POLL_GAP}", "yes" if gap <= POLL_GAP else "**missed**"])
    return judged


def _verdict(value: float, target: float | None) -> str:
    return "" if target is None else "yes" if value >= target else "**missed**"


def _answers(metrics: dict) -> str:
    text = table(["measure", "value", "of", "target", "met"], targets(metrics))
    same = metrics["same_tokens"]
    if same:
        text += (
            f"\n\n`transformers` in float32 writes exactly the same greedy tokens in {same['identical']} of "
            f"{same['scenes']} descriptions."
        )
    return text
