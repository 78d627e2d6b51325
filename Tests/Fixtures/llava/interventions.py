"""The interventions whose outcome is expected, and their oracle runs."""

import torch

from oracle import Knockout

STEPS = 12
LONG = 200  # tokens; one row of attention is kept of prompts longer than that


class Weak(Exception):
    """An intervention's outcome is too close to call, or does nothing."""


def knockouts(prompt):
    """Name to (what is cut, preset's name or nothing) for one prompt with a picture."""
    image, text = prompt.image_ranges, prompt.text_ranges
    length = len(prompt.ids)
    last = [[length - 1, length]]
    middle = sum(image[-1]) // 2

    def presets(suffix, **window):
        return {
            f"img->gen{suffix}": ([Knockout(image, generated=True, **window)], "img->gen"),
            f"img->txt{suffix}": ([Knockout(image, text, **window)], "img->txt"),
            f"img->txt+gen{suffix}": ([Knockout(image, text, generated=True, **window)], "img->txt+gen"),
        }

    return {
        **presets("@all"),
        **presets("@from1", layers=list(range(1, 8))),
        **presets("@head", heads=[1]),
        **presets("@post", mode="post_softmax"),
        "indices": (
            [
                Knockout([[2, 3], [middle, middle + 2]], [[middle + 1, middle + 4], *last], layers=[0]),
                Knockout([[1, 2], [length - 3, length - 2]], [[length - 2, length]], generated=True, heads=[0, 2]),
            ],
            None,
        ),
        "last->last": ([Knockout(last, last)], None),
        "row-without-sources": ([Knockout([[0, length]], [[1, 2], *last], layers=[1])], None),
        "row-without-sources@head": ([Knockout([[0, length]], last, heads=[2])], None),
        "first-row-without-sources": ([Knockout([[0, 1]], [[0, 1]])], None),
    }


CASES = {
    "mha-crop": {"one_image": None, "two_images": ["img->txt+gen@all", "img->gen@from1"]},
    "gqa-pad": {
        "one_image": [
            "img->gen@all", "img->txt@from1", "img->txt+gen@head", "img->txt@post", "indices", "row-without-sources@head",
        ],
    },
    "grid24": {"one_image": ["img->gen@all", "img->txt@from1", "img->txt+gen@head", "last->last"]},
    "features": {"many_turns": ["img->txt@all", "img->gen@head", "img->txt+gen@post"]},
}


def expect(configuration, prompts, oracles, records, stop, arrays, margin):
    """Records of every knockout and ablation of this checkpoint; their arrays are added to `arrays`."""
    cut, replaced = {}, {}
    for name, cases in CASES[configuration].items():
        prompt, oracle = prompts[name], oracles[name]
        check_definitions(prompt, oracle)
        for case, (edges, preset) in knockouts(prompt).items():
            if cases is None or case in cases:
                key = case if name == "one_image" else f"{case}@{name}"
                cut[key] = expect_knockout(key, prompt, oracle, edges, stop, arrays, margin)
                if preset:
                    cut[key]["preset"] = preset
        replaced |= expect_ablations(prompt, oracle, stop, arrays, margin)
        check_effects(name, records[name], {**cut, **replaced})
    return {"knockouts": cut, "ablations": replaced}


def expect_knockout(key, prompt, oracle, edges, stop, arrays, least):
    for edge in edges:
        if edge.layers is not None:
            edge.layers = [layer for layer in edge.layers if layer < oracle.layers]
    tokens, margin, run = oracle.greedy(STEPS, stop, edges)
    if margin < least:
        raise Weak(f"{key}: margin {margin}")
    length = len(prompt.ids)
    rows = [length - 1, length + len(tokens) - 2]
    if length >= LONG:
        rows = rows[1:] if any(edge.generated for edge in edges) else rows[:1]
    arrays[f"knockout.{key}.first_logits"] = run.logits[length - 1]
    arrays[f"knockout.{key}.pattern"] = run.pattern[:, :, rows]
    check_edges(run, edges, oracle, length)
    return {
        "prompt": prompt.name,
        "edges": [edge.resolved(oracle.layers, oracle.heads) for edge in edges],
        "tokens": tokens,
        "margin": margin,
        "pattern_rows": rows,
    }


def check_definitions(prompt, oracle):
    """What must hold with any weights: the presets cut what they are said to cut, and cutting nothing does nothing."""
    image, text = prompt.image_ranges, prompt.text_ranges
    other = type(oracle)(oracle.model, oracle.ids, oracle.pixel_values.flip(-1) * 0.5)
    tail = oracle.greedy(3)[0]
    first = len(prompt.ids) - 1
    plain = oracle.forward(tail).logits

    def close(left, right):
        return torch.allclose(left, right, atol=1e-4)

    assert not close(other.forward(tail).logits, plain), "the picture does not matter"
    assert close(oracle.forward(tail, [Knockout([], [])]).logits, plain)
    generated = [Knockout(image, generated=True)]
    assert close(oracle.forward(tail, generated).logits[:first + 1], plain[:first + 1])
    everything = [Knockout(image, text, generated=True)]
    rows = slice(image[-1][1], None)
    assert close(oracle.forward(tail, everything).logits[rows], other.forward(tail, everything).logits[rows])
    prompted = [Knockout(image, text)]
    mine, others = oracle.forward(tail, prompted).logits, other.forward(tail, prompted).logits
    assert close(mine[first], others[first]) and not close(mine[-1], others[-1])


def check_edges(run, edges, oracle, length):
    """Cut edges carry exactly nothing; a row with sources left sums to one unless it was cut after the softmax."""
    size = run.pattern.shape[-1]
    for layer in range(oracle.layers):
        cut = torch.zeros(oracle.heads, size, size, dtype=torch.bool)
        for edge in edges:
            cut |= edge.cut(layer, oracle.heads, length, size)
        assert (run.pattern[layer][cut] == 0).all()
        if all(edge.mode == "pre_softmax" for edge in edges):
            open_rows = (~cut & torch.ones(size, size, dtype=torch.bool).tril()).any(-1)
            sums = run.pattern[layer].sum(-1)
            assert torch.allclose(sums, open_rows.float(), atol=1e-5)


def expect_ablations(prompt, oracle, stop, arrays, least):
    """Some and all image positions replaced by zero and by the mean embedding of the prompt's pictures."""
    base = oracle.forward().hidden[0]
    mean = oracle.picture_arrays()[1].flatten(0, 1).double().mean(0).float()
    arrays[f"ablation.{prompt.name}.mean_embedding"] = mean
    first, last = prompt.image_ranges[0]
    some = [[first + 1, first + 4], [last - 5, last - 3]]
    found = {}
    for name, ranges in (("some", some), ("all", prompt.image_ranges)):
        for kind, vector in (("zero", torch.zeros_like(mean)), ("mean", mean)):
            key = f"{kind}-{name}@{prompt.name}"
            embeddings = base.clone()
            for start, end in ranges:
                embeddings[start:end] = vector
            tokens, margin, run = oracle.greedy(STEPS, stop, embeddings=embeddings)
            if margin < least:
                raise Weak(f"{key}: margin {margin}")
            arrays[f"ablation.{key}.first_logits"] = run.logits[len(prompt.ids) - 1]
            found[key] = {
                "prompt": prompt.name, "positions": ranges, "replace": kind, "tokens": tokens, "margin": margin,
            }
    return found


def check_effects(prompt, baseline, cases):
    """Most interventions must change the text, or the fixture could not tell that they work."""
    own = [case for case in cases.values() if case["prompt"] == prompt]
    changed = [case for case in own if case["tokens"] != baseline["tokens"][:len(case["tokens"])]]
    if len(changed) * 3 < len(own) * 2:
        raise Weak(f"{prompt}: only {len(changed)} of {len(own)} interventions change the text")
