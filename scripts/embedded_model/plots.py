"""The phenomena as small SVG plots. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fovea", "font.family": "sans-serif"})

from matplotlib import pyplot  # noqa: E402  (the backend is chosen first)


def draw(metrics: dict, out: Path) -> None:
    """One file per phenomenon that was measured."""
    out.mkdir(parents=True, exist_ok=True)
    found = metrics["phenomena"]
    if "knockouts" in found:
        measured = found["knockouts"]
        for name in ("against_truth", "against_baseline"):
            label = f"object F1 {name.replace('_', ' ')}"
            _curves(measured[name], "knockout from layer", label, out / f"knockouts-{name.replace('_', '-')}.svg")
    if "fractions" in found:
        _curves(found["fractions"]["mean"], "layer", "attention fraction", out / "attention-fractions.svg")
    if "localization" in found:
        measured = found["localization"]
        chance = [measured["chance"]] * len(measured["by_layer"])
        curves = {"peak on the object": measured["by_layer"], "chance": chance}
        _curves(curves, "layer", "share of colour and shape tokens", out / "localization.svg")
    if "lens" in found:
        curves = {"object patches": found["lens"]["object_share"], "background": found["lens"]["background_share"]}
        _curves(curves, "layer (0 = embeddings)", "colour or shape in the top 5", out / "logit-lens.svg")
    if found.get("ablation"):
        _bars(found["ablation"], "share of right answers lost", out / "token-ablation.svg")
    if "windows" in found:
        _windows(found["windows"]["lost"], out / "window-knockouts.svg")


def _curves(curves: dict[str, list[float]], across: str, up: str, path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6, 3.4))
    for name, values in curves.items():
        axes.plot(range(len(values)), values, marker="o", markersize=3, label=name)
    _finish(figure, axes, across, up, path)


def _windows(lost: dict[str, dict], path: Path) -> None:
    """One line an edge over the windows of layers."""
    edges: dict[str, dict[str, float]] = {}
    for name, value in lost.items():
        edge, window = name.split("@")
        edges.setdefault(edge, {})[window] = value["share"]
    figure, axes = pyplot.subplots(figsize=(6, 3.4))
    for edge, shares in edges.items():
        axes.plot(list(shares), list(shares.values()), marker="o", markersize=3, label=edge)
    _finish(figure, axes, "window of layers", "share of right answers lost", path)


def _bars(tallies: dict[str, dict], up: str, path: Path) -> None:
    """Groups of bars: token sets, a bar for each kind of task."""
    sets = list(next(iter(tallies.values()))["lost"])
    figure, axes = pyplot.subplots(figsize=(6, 4.2))
    width = 0.8 / len(tallies)
    for place, (kind, tally) in enumerate(tallies.items()):
        shares = [tally["lost"].get(name, {"share": None})["share"] or 0 for name in sets]
        axes.barh([i + place * width for i in range(len(sets))], shares, width, label=kind)
    axes.set_yticks([i + 0.4 - width / 2 for i in range(len(sets))], sets, fontsize=8)
    axes.invert_yaxis()
    _finish(figure, axes, up, "", path, upright=False)


def _finish(figure, axes, across: str, up: str, path: Path, upright: bool = True) -> None:
    axes.set(xlabel=across, ylabel=up, **{"ylim" if upright else "xlim": (0, 1.02)})
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
