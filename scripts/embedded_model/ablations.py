"""P1: what answers lose when an object's tokens are replaced, or cut off from the last position."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from answers import DESCRIPTION_TOKENS, PROMPT, HeldOut
from regions import Regions
from scoring import share, told_names
from server import Server, chat
from world import HELD_OUT, SceneObject

WINDOWS = ("early", "early-mid", "mid", "mid-late", "late", "all")


@dataclass(frozen=True)
class Task:
    """A question about one object; `expected` is the answer's next word after what is given."""

    kind: str
    item: SceneObject
    question: str
    given: str
    expected: str


def tasks(held: HeldOut) -> list[Task]:
    """The forced answers and the poll, each about one object that the question singles out."""
    random = np.random.default_rng((HELD_OUT, held.index, 3))
    objects = held.drawn.objects
    item = objects[int(random.integers(len(objects)))]
    found = [
        Task("what", item, f"What is at the {item.place}?", "It is a", item.colour),
        Task("poll", item, f"Is there a {item.name} in this image?", "", "Yes"),
    ]
    if sum(o.shape == item.shape for o in objects) == 1:
        found.append(Task("colour", item, f"What color is the {item.shape}?", "It is", item.colour))
    if sum(o.colour == item.colour for o in objects) == 1:
        found.append(Task("shape", item, f"What shape is the {item.colour} object?", "It is a", item.shape))
    return found


def token_sets(places: Regions, item: SceneObject, seed: int) -> dict[str, object]:
    """Spans to ablate by name; random and large-norm sets have as many tokens as the object's."""
    own = [places.object(item, buffer) for buffer in range(3)]
    random = np.random.default_rng((HELD_OUT, seed, 4))
    sets: dict[str, object] = {f"object+{buffer}": own[buffer] for buffer in range(3)}
    for buffer in range(3):
        sets[f"random, as object+{buffer}"] = {"random": len(own[buffer]), "of": "image", "seed": seed}
    sets["random elsewhere, as object+0"] = {"random": len(own[0]), "of": {"minus": ["image", own[0]]}, "seed": seed}
    sets["large norm elsewhere, as object+0"] = places.large_norm_elsewhere(len(own[0]), own[0], random)
    sets["register"] = list(places.registers)
    sets["image"] = "image"
    return {name: span for name, span in sets.items() if span}


def ablation_variants(sets: dict[str, object]) -> list[dict]:
    return [
        {"name": name, "interventions": [{"kind": "token_ablation", "tokens": span, "replace": "mean"}]}
        for name, span in sets.items()
    ]


def window_variants(places: Regions, item: SceneObject) -> list[dict]:
    """P1's 36 conditions: 6 edges × 6 windows."""
    own = [places.object(item, buffer) for buffer in range(3)]
    row = {"rows": [-1]}
    edges = {f"object+{buffer} → last": (own[buffer], "last") for buffer in range(3)}
    edges["image without object+1 → last"] = ({"minus": ["image", own[1]]}, "last")
    edges["object+1 → last row"] = (own[1], row)
    edges["image without last row → last row"] = ({"minus": ["image", row]}, row)
    return [
        {
            "name": f"{name}@{window}",
            "interventions": [{"kind": "attention_knockout", "from": cut, "to": to, "layers": window}],
        }
        for name, (cut, to) in edges.items()
        for window in WINDOWS
    ]


class Tally:
    """Baseline-correct answers, and how many of them each variant turned wrong."""

    def __init__(self):
        self.asked, self.right = 0, 0
        self.kept: dict[str, Counter] = defaultdict(Counter)
        self.delta: dict[str, list[float]] = defaultdict(list)

    def add(self, right: bool, variants: dict[str, bool], delta: dict[str, float]) -> None:
        self.asked += 1
        self.right += right
        if not right:
            return
        for name, still in variants.items():
            self.kept[name][still] += 1
        for name, value in delta.items():
            self.delta[name].append(value)

    def summary(self) -> dict:
        return {
            "asked": self.asked,
            "right": self.right,
            "lost": {n: {"share": share(c[False], c.total()), "of": c.total()} for n, c in self.kept.items()},
            "delta_logprob": {n: round(float(np.mean(v)), 3) for n, v in self.delta.items()},
        }


def next_word_study(server: Server, held: HeldOut, task: Task, variants: list[dict]) -> tuple[bool, dict, dict]:
    """Whether the next word is right without and with each variant, and how its log-probability moves."""
    score = {"targets": [task.expected], "top_k": 1}
    body = chat(held.image, task.question, task.given, max_tokens=0, knockouts=variants, score=score)
    answer = server.post("/v1/knockout", body)

    def is_right(run: dict) -> bool:
        return run["next"]["top"][0]["id"] == run["next"]["targets"][task.expected]["id"]

    runs = {v["name"]: v for v in answer["variants"]}
    kept = {name: is_right(v["run"]) for name, v in runs.items()}
    moved = {name: v["compare"]["delta_logprob"][task.expected] for name, v in runs.items()}
    return is_right(answer["baseline"]), kept, moved


def description_study(server: Server, held: HeldOut, item: SceneObject, variants: list[dict]) -> tuple[bool, dict]:
    """Whether the description names the object without and with each variant."""
    body = chat(held.image, PROMPT, max_tokens=DESCRIPTION_TOKENS, knockouts=variants, score={"top_k": 0})
    answer = server.post("/v1/knockout", body)
    name = (item.colour, item.shape)
    kept = {v["name"]: name in told_names(v["run"]["text"]) for v in answer["variants"]}
    return name in told_names(answer["baseline"]["text"]), kept


def study(server: Server, scenes: list[HeldOut], places: list[Regions], ablates: bool) -> tuple[dict, dict]:
    """Token ablation by kind of task, and window knockouts over all forced answers."""

    def one(pair: tuple[HeldOut, Regions]) -> list[tuple]:
        held, where = pair
        asked = tasks(held)
        item, results = asked[0].item, []
        sets = ablation_variants(token_sets(where, item, held.index)) if ablates else []
        for task in asked:
            variants = sets + (window_variants(where, item) if task.given else [])
            if variants:
                results.append((task.kind, bool(task.given), *next_word_study(server, held, task, variants)))
        if sets:
            results.append(("description", False, *description_study(server, held, item, sets), {}))
        return results

    ablated, cut = defaultdict(Tally), Tally()
    for kind, is_forced, right, kept, moved in (r for rs in server.map(one, zip(scenes, places)) for r in rs):
        ablated[kind].add(right, *({n: v for n, v in d.items() if "@" not in n} for d in (kept, moved)))
        if is_forced:
            cut.add(right, *({n: v for n, v in d.items() if "@" in n} for d in (kept, moved)))
    tallies = {kind: tally.summary() for kind, tally in ablated.items()} if ablates else {}
    return tallies, cut.summary()
