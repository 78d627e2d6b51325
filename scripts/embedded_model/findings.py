"""What the papers' experiments gave, as paragraphs and tables, and whether it is what the papers lead one to expect.

P1 is "Towards Interpreting Visual Information Processing in Vision-Language Models" (arXiv 2410.07149), P2 "What's in
the Image?" (arXiv 2411.17491).
"""

from __future__ import annotations

from ablations import WINDOWS

# What counts as costing an answer, as costing little, and as standing out.
COSTLY, CHEAP, CLEAR = 0.7, 0.2, 0.1


def findings(found: dict) -> list[str]:
    """A paragraph with its table for each phenomenon that was measured."""
    parts = [_knockouts(found["knockouts"]), _fractions(found["fractions"]), _localization(found["localization"])]
    if found.get("ablation"):
        parts.append(_ablation(found["ablation"], found["registers"]))
    parts.append(_windows(found["windows"]))
    if "lens" in found:
        parts.append(_lens(found["lens"]))
    return parts


def table(head: list[str], rows: list[list]) -> str:
    """A Markdown table; numbers with three digits, nothing as a dash."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _by_layer(name: str, curves: dict[str, list[float]], last: dict[str, float] | None = None) -> str:
    depth = len(next(iter(curves.values())))
    head = [name, *range(depth), *(["except middle"] if last else [])]
    return table(head, [[key, *values, *([last[key]] if last else [])] for key, values in curves.items()])


def _knockouts(found: dict) -> str:
    first, end = found["middle"]
    return (
        f"**Knockouts** of the picture from layer l on, in {found['scenes']} descriptions: object F1 against the truth "
        f"({found['baseline_f1']:.3f} without a knockout); the last column keeps only layers {first}–{end}.\n\n"
        + _by_layer("from layer", found["against_truth"], found["except_middle_against_truth"])
        + "\n\nThe same against the model's own answer without a knockout:\n\n"
        + _by_layer("from layer", found["against_baseline"], found["except_middle_against_baseline"])
        + "\n\n"
        + _expected_knockouts(found["against_baseline"])
    )


def _expected_knockouts(own: dict[str, list[float]]) -> str:
    text, generated = own["img->txt"][0], own["img->gen"][0]
    return (
        "P2 finds that the prompt's text tokens carry the picture: img->txt from layer 0 leaves nothing of the answer "
        f"and img->gen much of it; {_appears(text <= CHEAP and generated > text + CLEAR)} ({text:.3f} and "
        f"{generated:.3f} against the model's own answer). Late layers hardly need the picture; "
        f"{_appears(min(curve[-1] for curve in own.values()) >= 1 - CLEAR)}."
    )


def _fractions(seen: dict) -> str:
    return (
        f"**Attention** of {seen['rows']} generated tokens in {seen['scenes']} descriptions, share by type of token:"
        f"\n\n{_by_layer('layer', seen['mean'])}"
    )


def _localization(located: dict) -> str:
    if not located["tokens"]:
        return "**Localization**: no description named an object."
    hits = located["by_layer"]
    best, depth = hits.index(max(hits)), len(hits)
    return (
        f"**Localization**: the peak over the picture of {located['tokens']} colour and shape tokens lies in the "
        f"box of the object they name, a patch of margin allowed (chance {located['chance']:.3f}):\n\n"
        f"{_by_layer('layer', {'hits': hits})}\n\n"
        f"P2 finds the middle layers best; {_appears(depth / 4 <= best < 3 * depth / 4)}: layer {best} is."
    )


def _ablation(found: dict, registers: dict) -> str:
    sets = list(dict.fromkeys(name for tally in found.values() for name in tally["lost"]))
    rows = [[name, *(t["lost"].get(name, {"share": None})["share"] for t in found.values())] for name in sets]
    rows.append(["right without ablation, of asked", *(f"{t['right']} of {t['asked']}" for t in found.values())])
    return (
        "**Token ablation** (mean embedding): share of right answers that became wrong. `object+n` are the patches "
        "that the object touches and n rings around them. "
        f"Register tokens (norm over mean + 2 deviations): {registers['tokens']} in {registers['scenes']} scenes, "
        "scenes without any left out.\n\n" + table(["tokens", *found], rows) + "\n\n" + _expectation(found)
    )


def _expectation(found: dict) -> str:
    """The papers' headline, kind by kind."""
    lost = {kind: tally["lost"] for kind, tally in found.items() if tally["right"]}
    costly = [k for k, v in lost.items() if v["object+1"]["share"] >= COSTLY]
    cheap = [k for k, v in lost.items() if v["random, as object+0"]["share"] <= CHEAP]
    return (
        f"P1 finds that object tokens (one ring) cost {COSTLY:.0%} of the answers or more; this appears in: "
        f"{_listed(costly)}; not in: {_listed(k for k in lost if k not in costly)}. As many random tokens cost little "
        f"(here: {CHEAP:.0%} at most); this appears in: {_listed(cheap)}; not in: "
        f"{_listed(k for k in lost if k not in cheap)}."
    )


def _appears(does: bool) -> str:
    return "this appears" if does else "this does not appear"


def _listed(names) -> str:
    return ", ".join(names) or "none"


def _windows(found: dict) -> str:
    edges = list(dict.fromkeys(name.split("@")[0] for name in found["lost"]))
    rows = [[edge, *(found["lost"][f"{edge}@{window}"]["share"] for window in WINDOWS)] for edge in edges]
    text = (
        f"**Cut edges** in windows of layers: share of {found['right']} right next words that became wrong (forced "
        'answers: "It is a", "It is").\n\n' + table(["edge", *WINDOWS], rows)
    )
    if not rows:
        return text
    parts = {window: found["lost"][f"{edges[0]}@{window}"]["share"] for window in WINDOWS if window != "all"}
    most = max(parts, key=parts.get)
    verdict = f"{_appears(most == 'mid-late')}: {most}"
    return f"{text}\n\nP1 finds the mid-late window to matter most for {edges[0]}; {verdict}."


def _lens(found: dict) -> str:
    own, background = found["object_share"], found["background_share"]
    best = own.index(max(own))
    return (
        f"**Logit lens**: share of {found['object_patches']} object patches whose top 5 words hold the object's colour "
        f"or shape, and of {found['background_patches']} patches that no object touches (0 = embeddings):\n\n"
        + _by_layer("after layer", {"object patches": own, "background patches": background})
        + "\n\nP1 finds that later layers spell what lies under an object's patches; "
        + f"{_appears(own[best] >= background[best] + CLEAR)} (most after layer {best}: {own[best]:.3f}, background "
        + f"{background[best]:.3f})."
    )
