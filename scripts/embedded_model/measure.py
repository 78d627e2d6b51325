"""Measures a model through the Fovea server, on held-out scenes, and writes what comes out.

    python measure.py --fovea ../../.build/release/fovea --model DIR --out metrics.json \\
        [--quick] [--check-transformers] [--plots ../../docs/embedded-model] [--card]

`--card` puts the tables into DIR/README.md. Scenes come from their fixed seed: the same model gives the same numbers.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ablations import study
from answers import ask, chosen, describe, held_out
from card import model_card
from knockouts import knockouts
from lens import lens
from looking import describe_with_attention, fractions, localization
from regions import regions
from server import Server, ServerError


@dataclass(frozen=True)
class Extent:
    """How many scenes each part takes; `polls` is the number of polls."""

    polled: int
    polls: int
    answered: int
    watched: int
    knocked: int
    ablated: int
    same_tokens: int = 50


FULL = Extent(polled=800, polls=3200, answered=400, watched=200, knocked=100, ablated=150)
QUICK = Extent(polled=80, polls=300, answered=50, watched=50, knocked=16, ablated=16)


class Measurement:
    """One run over a server: numbers and seconds by name."""

    def __init__(self, server: Server, model: Path, extent: Extent):
        self.server, self.model, self.extent = server, model, extent
        self.meta = server.get("/v1/models")["data"][0]["meta"]
        self.seconds: dict[str, float] = {}
        self.skipped: dict[str, str] = {}

    def run(self, checks_tokens: bool) -> dict:
        server, extent = self.server, self.extent
        most = max(extent.polled, extent.watched, extent.knocked, extent.ablated, extent.same_tokens)
        scenes = self._timed("scenes", lambda: held_out(server, most))
        asked = chosen(scenes[: extent.polled], extent.polls, extent.answered)
        answered = {
            "description": self._timed("description", lambda: describe(server, scenes[: extent.answered])),
            "questions": self._timed("questions", lambda: ask(server, asked)),
        }
        watched = scenes[: max(extent.watched, extent.same_tokens)]
        looks = self._timed("attention", lambda: describe_with_attention(server, watched))
        same = self._same_tokens(watched, looks) if checks_tokens else None
        phenomena = self._phenomena(scenes, watched, looks)
        return {
            "model": self.meta, "answers": answered, "same_tokens": same, "phenomena": phenomena,
            "skipped": self.skipped, "seconds": self.seconds,
        }  # fmt: skip

    # MARK: private

    def _phenomena(self, scenes: list, watched: list, looks: list) -> dict:
        server, extent = self.server, self.extent
        found = {"fractions": fractions(looks), "localization": localization(watched, looks)}
        depth, cut = self.meta["layers"], scenes[: extent.ablated]
        found["knockouts"] = self._timed("knockouts", lambda: knockouts(server, scenes[: extent.knocked], depth))
        places = self._timed("regions", lambda: server.map(lambda held: regions(server, held), cut))
        found["registers"] = {"scenes": len(cut), "tokens": sum(len(p.registers) for p in places)}
        ablates = self._can_ablate()
        found["ablation"], found["windows"] = self._timed("ablation", lambda: study(server, cut, places, ablates))
        try:
            found["lens"] = self._timed("lens", lambda: lens(server, watched))
        except ServerError as error:
            if not error.is_unsupported:
                raise
            self._skip("lens", str(error))
        return found

    def _can_ablate(self) -> bool:
        if "token_ablation" not in self.server.get("/v1/capabilities")["interventions"]:
            self._skip("ablation", "the server has no token_ablation")
        elif not (self.model / "mean_embedding.safetensors").exists():
            self._skip("ablation", "the model has no mean_embedding.safetensors")
        return "ablation" not in self.skipped

    def _same_tokens(self, scenes: list, looks: list) -> dict:
        from same_tokens import compare

        count = self.extent.same_tokens
        return self._timed("same_tokens", lambda: compare(self.model, scenes[:count], looks[:count]))

    def _timed(self, name: str, job):
        start = time.monotonic()
        result = job()
        self.seconds[name] = round(time.monotonic() - start, 1)
        print(f"{name}: {self.seconds[name]} s", file=sys.stderr, flush=True)
        return result

    def _skip(self, name: str, reason: str) -> None:
        self.skipped[name] = reason
        print(f"{name} skipped: {reason}", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", type=Path, required=True, help="the server's binary, built for release")
    parser.add_argument("--model", type=Path, required=True, help="a llava-hf directory")
    parser.add_argument("--out", type=Path, help="where the numbers go (default: standard output)")
    parser.add_argument("--plots", type=Path, help="folder of the SVG plots")
    parser.add_argument("--card", action="store_true", help="write the model's README.md")
    parser.add_argument("--quick", action="store_true", help="fewer scenes: two minutes")
    parser.add_argument("--check-transformers", action="store_true", help="compare greedy tokens")
    parser.add_argument("--connections", type=int, default=8)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with Server(options.fovea, options.model, options.connections) as server:
        metrics = Measurement(server, options.model, QUICK if options.quick else FULL).run(options.check_transformers)
    flags = [f"--{name.replace('_', '-')}" for name in ("quick", "check_transformers") if getattr(options, name)]
    metrics["command"] = " ".join(["python measure.py --fovea fovea --model MODEL --card", *flags])
    text = json.dumps(metrics, indent=1, ensure_ascii=False)
    if options.out:
        options.out.write_text(text + "\n")
    else:
        print(text)
    if options.plots:
        from plots import draw

        draw(metrics, options.plots)
    if options.card:
        (options.model / "README.md").write_text(model_card(metrics["model"]["parameters"], metrics))


if __name__ == "__main__":
    main()
