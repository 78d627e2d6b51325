"""What each format of the weights costs in accuracy: descriptions and attention maps beside those in f32.

    python formats.py --fovea ../../.build/release/fovea --model ../../Sources/fovea/EmbeddedModel \\
        [--scenes 200] [--into ../../docs/weight-formats.md]

`--into` replaces the table between the file's marks. Scenes come from their fixed seed, answers are greedy: the same
model gives the same numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from answers import description_scores, held_out
from looking import describe_with_attention
from server import Server

FORMATS = ("f32", "bf16", "int8", "int4")
BEGIN, END = "<!-- accuracy: written by formats.py -->\n", "<!-- end -->\n"


def ids(answer: dict) -> list[int]:
    return [token["id"] for token in answer["tokens"]]


def common(a: list[int], b: list[int]) -> int:
    """Tokens before the first difference."""
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def equal_share(answers: list[dict], exact: list[dict]) -> float:
    """Share of the exact answers' tokens that stand in the same place."""
    pairs = [(ids(a), ids(b)) for a, b in zip(answers, exact)]
    return sum(x == y for a, b in pairs for x, y in zip(a, b)) / sum(max(len(a), len(b)) for a, b in pairs)


def identical_share(answers: list[dict], exact: list[dict]) -> float:
    return float(np.mean([ids(a) == ids(b) for a, b in zip(answers, exact)]))


def map_correlation(answers: list[dict], exact: list[dict]) -> float:
    """Mean Pearson correlation of two maps over the picture, for each layer and each token up to the first difference."""
    found = []
    for a, b in zip(answers, exact):
        count = common(ids(a), ids(b))
        x, y = (np.array(answer["attention"]["maps"], float)[:count] for answer in (a, b))
        x, y = (m - m.mean(-1, keepdims=True) for m in (x, y))
        norm = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
        found.append(((x * y).sum(-1) / np.where(norm > 0, norm, 1))[norm > 0].ravel())
    return float(np.concatenate(found).mean())


def measure(fovea: Path, model: Path, count: int) -> list[str]:
    """Rows of the table."""
    rows, exact = [], []
    for name in FORMATS:
        with Server(fovea, model, options=["--weights", name]) as server:
            scenes = held_out(server, count)
            answers = describe_with_attention(server, scenes)
        exact = exact or answers
        scores = description_scores(scenes, [answer["text"] for answer in answers])
        numbers = [
            equal_share(answers, exact), identical_share(answers, exact), scores["object_f1"],
            scores["full_attributes"], map_correlation(answers, exact),
        ]  # fmt: skip
        rows.append(f"| `{name}` | " + " | ".join(f"{number:.4f}" for number in numbers) + " |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", type=Path, required=True, help="the server's binary")
    parser.add_argument("--model", type=Path, required=True, help="the embedded model's directory")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--into", type=Path, help="a file with the marks between which the table goes")
    options = parser.parse_args()
    heading = "| format | tokens equal | answers identical | object F1 | full attributes | map correlation |"
    table = "\n".join([heading, "| --- | --- | --- | --- | --- | --- |"]
                      + measure(options.fovea, options.model, options.scenes))  # fmt: skip
    print(table)
    if options.into:
        before, rest = options.into.read_text().split(BEGIN)
        options.into.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
