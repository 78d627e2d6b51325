"""Makes the fixtures of derived attention: `python generate.py`. README.md says what they hold.

The checkpoints are those of ../llava; attention and hidden states are transformers' own.
"""

import pathlib
import sys

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
LLAVA = HERE.parent / "llava"
sys.path.insert(0, str(LLAVA))

import configurations  # noqa: E402
import derived  # noqa: E402
from oracle import Knockout, Oracle  # noqa: E402

TOKENS = 4
MARGIN = 1e-4


def rollout(pattern):
    """R_l = (mean over heads of A_l + I) / 2 · R_{l-1} (Abnar and Zuidema 2020), [layers, tokens, tokens], in f64."""
    product, found = torch.eye(pattern.shape[-1], dtype=torch.float64), []
    for layer in pattern.double().mean(1):
        product = (layer + torch.eye(len(layer), dtype=torch.float64)) / 2 @ product
        found.append(product)
    return torch.stack(found)


def normed(states):
    """|x| over its root mean square."""
    return states.double().abs() / states.double().pow(2).mean(-1, keepdim=True).sqrt()


def sinks(hidden, image, tau, named=None):
    """Sink dimensions and sink image positions of each layer's input, and how close a number that decides is to tau."""
    dimensions, positions, margin = [], [], float("inf")
    for states in hidden:
        values = normed(states)
        chosen = named or (values[0] >= tau).nonzero().flatten().tolist()
        most = values[image][:, chosen].amax(-1) if chosen else torch.zeros(len(image))
        dimensions.append(chosen)
        positions.append([position for position, value in zip(image, most) if value >= tau])
        margin = min(margin, float((values[0] - tau).abs().min()), float((most - tau).abs().min()))
    return dimensions, positions, margin


def choose_tau(hidden, image):
    """The first threshold that takes some but not all image tokens of a layer and that nothing comes close to."""
    named = normed(hidden[1, image]).amax(0).topk(2).indices.sort().values.tolist()
    for tau in np.arange(1.2, 3.0, 0.05).round(2):
        dimensions, positions, margin = sinks(hidden, image, float(tau))
        _, by_name, other_margin = sinks(hidden, image, float(tau), named)
        if min(margin, other_margin) > MARGIN and any(0 < len(found) < len(image) / 2 for found in positions):
            return float(tau), dimensions, positions, {"dimensions": named, "positions": by_name}
    sys.exit("no threshold is good enough")


def expect(name, prompt_name, arrays):
    model, _, prompt = derived.load(name, prompt_name)
    oracle = Oracle(model, prompt.ids, prompt.pixel_values)
    tokens, _, run = oracle.greedy(TOKENS)
    length = len(prompt.ids)
    image = [position for start, end in prompt.image_ranges for position in range(start, end)]
    rows = [image[-1], length - 1, length, length + TOKENS - 2]

    picked = run.pattern[:, :, rows]  # [layers, heads, rows, keys]
    mean = picked.mean(1).transpose(0, 1)  # [rows, layers, keys]
    arrays["max"] = picked.amax(1).transpose(0, 1)[:, :, image]
    arrays["normalized"] = mean[:, :, image] / mean[:, :, image].sum(-1, keepdim=True)
    arrays["rollout"] = rollout(run.pattern)[:, rows].transpose(0, 1)

    tau, dimensions, positions, named = choose_tau(run.hidden[:-1, :length], image)
    kept = mean.clone()
    for layer, excluded in enumerate(positions):
        kept[:, layer, excluded] = 0
    arrays["sinks.maps"] = kept[:, :, image]
    arrays["sinks.normalized"] = kept[:, :, image] / kept[:, :, image].sum(-1, keepdim=True)
    arrays["sinks.mass"] = mean.sum(-1) - kept.sum(-1)

    edges = Knockout(prompt.image_ranges, [[length - 1, length]], layers=[1])
    after = Knockout([[0, 2]], prompt.text_ranges, heads=[0], mode="post_softmax")
    cut = oracle.forward((), [edges, after])
    arrays["knockout.rollout"] = rollout(cut.pattern)[:, [length - 1]].transpose(0, 1)
    return {
        "prompt": prompt_name,
        "tokens": tokens,
        "rows": rows,
        "tau": tau,
        "dimensions": dimensions,
        "positions": positions,
        "named": named,
        "knockouts": [edge.resolved(oracle.layers, oracle.heads) for edge in (edges, after)],
        "vision": expect_vision(model, configurations.ALL[name](), prompt, arrays),
    }


@torch.no_grad()
def expect_vision(model, configuration, prompt, arrays):
    """The tower's own attention of some tokens, every head: [rows, layers, heads, tokens] of the last picture."""
    tower = model.model.vision_tower
    attentions = tower(prompt.pixel_values, output_attentions=True).attentions
    chosen = configuration.llava["vision_feature_layer"]
    states = [chosen] if isinstance(chosen, int) else chosen
    count = max(state if state >= 0 else len(attentions) + 1 + state for state in states)
    pattern = torch.stack([layer[-1] for layer in attentions[:count]])  # [layers, heads, tokens, tokens]
    size = pattern.shape[-1]
    rows = [0, 1, size // 2, size - 1]
    arrays["vision"] = pattern[:, :, rows].permute(2, 0, 1, 3)
    return {"picture": len(prompt.pixel_values) - 1, "rows": rows, "layers": count}


if __name__ == "__main__":
    derived.write_all(HERE, expect)
