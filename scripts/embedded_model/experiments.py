"""Adds the key numbers of `fovea experiment all` to what measure.py wrote, and to the model card.

    python experiments.py --run OUT --metrics metrics.json --card MODEL/README.md
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from findings import table

COMMANDS = """\
python samples.py --held-out {pictures} --out SCENES
fovea experiment all --images SCENES --annotations SCENES/annotations.json --mme SCENES/mme \\
    --max-tokens {max_tokens} --out OUT"""


def read(run: Path) -> dict:
    """The numbers of a run, as they are kept among the metrics."""
    with open(run / "summary.csv", newline="") as file:
        numbers = [[row["experiment"], row["number"], int(row["n"]), float(row["mean"]), float(row["se"])]
                   for row in csv.DictReader(file)]  # fmt: skip
    name = numbers[0][0]
    settings = json.loads((run / name / "settings.json").read_text())["settings"]
    pictures = len((run / name / "items.jsonl").read_text().splitlines())
    return {"pictures": pictures, "max_tokens": settings["max_tokens"], "numbers": numbers}


def section(found: dict) -> str:
    """What the card says of a run: the commands, the numbers, and what does not appear."""
    rows, last = [], ""
    for name, number, count, mean, error in found["numbers"]:
        rows.append([name if name != last else "", number, f"{mean:.3f} ± {error:.3f}", count])
        last = name
    return (
        f"## `fovea experiment all` on {found['pictures']} held-out scenes\n\n"
        "Means with one standard error over scenes; `docs/demo-report.html` has all figures.\n\n"
        f"```sh\n{COMMANDS.format(**found)}\n```\n\n"
        + table(["experiment", "number", "mean", "n"], rows)
        + "".join(f"\n\n{sentence}" for sentence in _absent(found["numbers"]))
    )


def _absent(numbers: list[list]) -> list[str]:
    """Findings of the papers that this model does not show, in plain words."""
    means = {(name, number): mean for name, number, _, mean, _ in numbers}
    text = means.get(("knockout-sweep", "object F1, img->txt from layer 0"), 0.0)
    own, ground = (
        means.get(("logit-lens", f"share that spell the class in the last state, {kind} patches"), 0.0)
        for kind in ("object", "background")
    )
    sentences = []
    if text > 0.2:
        sentences.append(
            "The prompt's text does not carry the picture, as it does in P2: what it sees (img->txt) is hardly missed. The "
            "generated tokens look at the picture themselves."
        )
    if own < ground + 0.1:
        sentences.append(
            "The logit lens of P1 does not appear: patches of an object spell its class no more often than the background."
        )
    if ("reprompt", "ACC, describe, then ask") in means:
        sentences.append(
            "What is asked of a description in words says little: the model never saw a prompt without a picture."
        )
    return sentences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="what `fovea experiment all` wrote")
    parser.add_argument("--metrics", type=Path, required=True, help="what measure.py wrote; it is added to")
    parser.add_argument("--card", type=Path, required=True, help="the model's README.md")
    options = parser.parse_args()
    from card import model_card

    metrics = json.loads(options.metrics.read_text())
    metrics["experiments"] = read(options.run)
    options.metrics.write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n")
    options.card.write_text(model_card(metrics["model"]["parameters"], metrics))


if __name__ == "__main__":
    main()
