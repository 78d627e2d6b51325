"""Cases of states.py beyond one kind at one site: what ablated tokens become, and interventions together.

The noise is written down here a second time, from its definition: SplitMix64 (Steele, Lea and Flood 2014), seeded with
the first draw of the request's seed xor the position, and Box and Muller's cosine of two uniform draws.
"""

import math

import torch

from edges import Edges

MASK = (1 << 64) - 1
SEED = 11


class SplitMix64:
    def __init__(self, seed):
        self.state = seed & MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53


def noise(states, positions, seed):
    """Normal numbers [positions, width] with the mean and deviation of all numbers of `states` together."""
    numbers = states.double().flatten()
    mean, deviation = float(numbers.mean()), float(numbers.std(correction=0))
    rows = []
    for position in positions:
        generator = SplitMix64(SplitMix64(seed).next() ^ position)
        row = []
        for _ in range(states.shape[1]):
            radius = math.sqrt(-2 * math.log(1 - generator.uniform()))
            row.append(mean + deviation * radius * math.cos(2 * math.pi * generator.uniform()))
        rows.append(row)
    return torch.tensor(rows)


def zero(rows, columns=slice(None)):
    """What makes these numbers of a site's values [tokens, width] zero."""

    def function(values):
        values[rows, columns] = 0
        return values

    return function


def mean_embedding(runner):
    """The mean over the prompt's pictures and patches, summed in f64."""
    rows = [position for start, end in runner.prompt.image_ranges for position in range(start, end)]
    return runner.base[rows].double().mean(0).float()


def cases(runner):
    """Name to (interventions as a request writes them, edits)."""
    return ablations(runner) | combinations(runner)


def ablations(runner):
    prompt = runner.prompt
    first, last = prompt.image_ranges[0]
    tokens = [first + 1, first + 2, last - 1]
    mixed = [1, *tokens]  # a word among them
    inner = runner.values([("resid.pre", 1)])["resid.pre", 1]
    found = {}

    def write(rows, values):
        def function(states):
            states[rows] = values
            return states

        return function

    def picture_means(states):
        means = [(start, end, states[start:end].double().mean(0).float()) for start, end in prompt.image_ranges]
        return torch.stack([next(mean for a, b, mean in means if a <= row < b) for row in tokens])

    for name, layer, states in (("embeddings", 0, runner.base), ("1", 1, inner)):
        site = {} if layer == 0 else {"site": {"layer": layer}}
        for replace, rows, values in (
            ("mean", tokens, mean_embedding(runner)),
            ("image_mean", tokens, picture_means(states)),
            ("noise", mixed, noise(states[mixed], mixed, SEED)),
        ):
            form = {"kind": "token_ablation", "tokens": rows, "replace": replace} | site
            if replace == "noise":
                form["seed"] = SEED
            found[f"{replace}@{name}"] = ([form], [runner.change("resid.pre", layer, write(rows, values))])
    return found


def combinations(runner):
    prompt, layers = runner.prompt, list(range(runner.layers))
    length, heads = len(prompt.ids), list(range(runner.heads))
    image = [position for start, end in prompt.image_ranges for position in range(start, end)]
    first, last = prompt.image_ranges[0]
    text = [[start, end] for start, end in prompt.text_ranges if start > first]
    end = [[length - 1, length]]
    found = {}

    columns = slice(0, runner.head_dim)
    found["head@positions"] = (
        [{"kind": "head_ablation", "layers": layers, "heads": [0], "positions": "image"}],
        [runner.change("attn.z", layer, zero(image, columns)) for layer in layers],
    )

    vector = torch.linspace(-1, 2, runner.base.shape[1])
    unit = vector.double() / vector.double().norm()

    def project(values):
        along = (values.double() @ unit).clamp(min=0)
        along[:image[0]] = 0
        return (values.double() - along[:, None] * unit).float()

    found["project@vector"] = (
        [
            {
                "kind": "project_away", "tokens": {"union": [{"range": [image[0], length]}, "generated"]},
                "direction": {"vector": vector.tolist()}, "layers": [1],
            }
        ],
        [runner.change("resid.pre", 1, project)],
    )

    # One edge in several hands: a cut of some heads, a factor on all, and another after the softmax.
    some = [[first, first + 5]]
    found["together@edges"] = (
        [
            {"kind": "attention_knockout", "from": {"range": some[0]}, "to": "last", "layers": [0], "heads": [1]},
            {
                "kind": "attention_scale", "from": "image", "to": {"union": ["last", "generated"]}, "factor": 3,
                "layers": "all",
            },
            {
                "kind": "attention_scale", "from": "image", "to": "last", "factor": 0.5, "layers": [0, 1],
                "heads": [0, 1],
            },
            {
                "kind": "attention_scale", "from": {"range": some[0]}, "to": "generated", "factor": 0.25,
                "mode": "post_softmax", "layers": [1],
            },
        ],
        [
            runner.edges(
                [
                    Edges(some, end, False, [0], [1], "pre_softmax", 0),
                    Edges(prompt.image_ranges, end, True, layers, heads, "pre_softmax", 3),
                    Edges(prompt.image_ranges, end, False, [0, 1], [0, 1], "pre_softmax", 0.5),
                    Edges(some, [], True, [1], heads, "post_softmax", 0.25),
                ]
            )
        ],
    )

    ablated = [last - 2, last - 1]
    found["together@kinds"] = (
        [
            {"kind": "token_ablation", "tokens": ablated, "replace": "zero"},
            {"kind": "attention_knockout", "preset": "img->txt", "layers": [1]},
            {"kind": "head_ablation", "layers": [0], "heads": [2]},
            {"kind": "attention_knockout", "from": [0], "to": "generated", "layers": "all", "mode": "post_softmax"},
            {
                "kind": "project_away", "tokens": "last", "direction": {"vector": vector.tolist()}, "layers": [1],
                "only_positive": False,
            },
        ],
        [
            runner.change("resid.pre", 0, zero(ablated)),
            runner.change("attn.z", 0, zero(slice(None), slice(2 * runner.head_dim, 3 * runner.head_dim))),
            runner.edges(
                [
                    Edges(prompt.image_ranges, text, False, [1], heads, "pre_softmax", 0),
                    Edges([[0, 1]], [], True, layers, heads, "post_softmax", 0),
                ]
            ),
            runner.change("resid.pre", 1, lambda values: project_last(values, unit, length - 1)),
        ],
    )
    return found


def project_last(values, unit, row):
    values[row] = (values[row].double() - (values[row].double() @ unit) * unit).float()
    return values
