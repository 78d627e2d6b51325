"""What interventions on states and scaled edges do: `python states.py [name …]`, after generate.py.

Reads a checkpoint of this directory, runs each case with plain PyTorch hooks on the transformers model and writes
`states.json` and `states.safetensors` beside it. Nothing is cached, as in oracle.py.
"""

import contextlib
import itertools
import pathlib
import sys
from unittest import mock

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers.models.llama import modeling_llama

import checkpoint
import configurations
import generate
import readouts
import replacements
from edges import Edges
from oracle import Oracle, masked_attention
from replacements import zero

HERE = pathlib.Path(__file__).parent
STEPS = 6
MARGIN = 1e-3
TOKEN = 7  # whose direction is projected away

# Site names of /v1/activations: the module of a decoder layer, and whether its first input or its output is meant.
SITES = {
    "resid.pre": ("", "input"),
    "attn.q": ("self_attn.q_proj", "output"),
    "attn.k": ("self_attn.k_proj", "output"),
    "attn.v": ("self_attn.v_proj", "output"),
    "attn.rot_q": None,
    "attn.rot_k": None,
    "attn.z": ("self_attn.o_proj", "input"),
    "attn.out": ("self_attn.o_proj", "output"),
    "resid.mid": None,
    "mlp.pre": ("mlp.gate_proj", "output"),
    "mlp.pre_linear": ("mlp.up_proj", "output"),
    "mlp.post": ("mlp.down_proj", "input"),
    "mlp.out": ("mlp.down_proj", "output"),
    "resid.post": ("", "output"),
}


class Runner:
    """One model and one prompt; cases are lists of functions that hook the model for one pass."""

    def __init__(self, model, prompt):
        self.model, self.prompt = model, prompt
        self.text = model.model.language_model
        self.layers = len(self.text.layers)
        configuration = model.config.text_config
        self.heads = configuration.num_attention_heads
        self.head_dim = self.text.layers[0].self_attn.head_dim
        self.base = Oracle(model, prompt.ids, prompt.pixel_values).forward().hidden[0]

    @torch.no_grad()
    def forward(self, generated=(), edits=()):
        """Logits [tokens, vocabulary] of the prompt and the generated tokens in one pass."""
        ids = torch.tensor([self.prompt.ids + list(generated)])
        tail = self.text.embed_tokens(ids[0, len(self.prompt.ids):])
        with contextlib.ExitStack() as stack:
            for edit in edits:
                edit(stack, ids.shape[1])
            result = self.model(inputs_embeds=torch.cat([self.base, tail])[None], use_cache=False)
        return result.logits[0].float()

    def greedy(self, edits):
        """Tokens until one would be too close to call, and the logits that chose the first."""
        tokens, first = [], None
        while len(tokens) < STEPS:
            logits = self.forward(tokens, edits)[-1]
            first = logits if first is None else first
            best = logits.topk(2)
            if float(best.values[0] - best.values[1]) < MARGIN:
                break
            tokens.append(int(best.indices[0]))
        return tokens, first

    def change(self, site, layer, function):
        """An edit that replaces the values [tokens, width] of a site by function(values)."""
        if site == "resid.mid":
            return self.change_middle(layer, function)
        if site in ("attn.rot_q", "attn.rot_k"):
            return self.change_rotated(site == "attn.rot_k", layer, function)
        path, side = SITES[site]
        module = self.text.layers[layer].get_submodule(path)

        def edit(stack, _):
            def before(_, arguments):
                return (function(arguments[0][0].clone())[None], *arguments[1:])

            def after(_, __, output):
                if isinstance(output, tuple):
                    return (function(output[0][0].clone())[None], *output[1:])
                return function(output[0].clone())[None]

            hook = module.register_forward_pre_hook(before) if side == "input" else module.register_forward_hook(after)
            stack.callback(hook.remove)

        return edit

    def change_middle(self, layer, function):
        """The residual stream between attention and MLP is no module's output: what attention adds makes it so."""
        block = self.text.layers[layer]

        def edit(stack, _):
            entering = {}

            def enter(_, arguments):
                entering["states"] = arguments[0]

            def add(_, __, output):
                middle = function((entering["states"] + output)[0].clone())[None]
                return middle - entering["states"]

            stack.callback(block.register_forward_pre_hook(enter).remove)
            stack.callback(block.self_attn.o_proj.register_forward_hook(add).remove)

        return edit

    def change_rotated(self, is_key, layer, function):
        """Rotation is a function that each layer calls once a pass, in their order."""

        def edit(stack, _):
            calls, rotate = itertools.count(), modeling_llama.apply_rotary_pos_emb

            def rotated(*arguments, **named):
                pair = list(rotate(*arguments, **named))
                if next(calls) == layer:
                    heads = pair[is_key][0].transpose(0, 1)
                    values = function(heads.flatten(1).clone()).reshape(heads.shape)
                    pair[is_key] = values.transpose(0, 1)[None].contiguous()
                return tuple(pair)

            stack.enter_context(mock.patch.object(modeling_llama, "apply_rotary_pos_emb", rotated))

        return edit

    @torch.no_grad()
    def values(self, sites):
        """The prompt's values at (site, layer), each [tokens, width]."""
        kept = {}

        def keeper(key):
            def keep(values):
                kept[key] = values.detach().clone().float()
                return values

            return keep

        self.forward(edits=[self.change(site, layer, keeper((site, layer))) for site, layer in sites])
        return kept

    def scale(self, sources, receivers, generated, layers, heads, mode, factor):
        """Edges whose weights are multiplied, before or after the softmax."""
        return self.edges([Edges(sources, receivers, generated, layers, heads, mode, factor)])

    def edges(self, parts):
        """Several changes of edges at once; factors on one edge multiply."""

        def edit(stack, length):
            causal = torch.full((length, length), float("-inf")).triu(1)
            for index, layer in enumerate(self.text.layers):
                factors = {mode: torch.ones(self.heads, length, length) for mode in ("pre_softmax", "post_softmax")}
                for part in parts:
                    if index in part.layers:
                        factors[part.mode] *= part.factors(self.heads, len(self.prompt.ids), length)
                additive = causal + factors["pre_softmax"].log()
                kept = factors["post_softmax"]

                def replace(_, arguments, named, additive=additive, kept=kept):
                    return arguments, named | {"attention_mask": additive[None], "kept": kept[None]}

                hook = layer.self_attn.register_forward_pre_hook(replace, with_kwargs=True)
                stack.callback(hook.remove)
            stack.enter_context(mock.patch.object(modeling_llama, "eager_attention_forward", masked_attention))

        return edit


def other_runner(runner, processor):
    """The same with mirrored and dimmed pictures, whose states are patched in."""
    prompt = runner.prompt
    flipped = generate.Prompt(prompt.name, prompt.messages, prompt.picture_names, processor)
    flipped.pixel_values = flipped.pixel_values.flip(-1) * 0.5
    return Runner(runner.model, flipped)


def positions(ranges):
    return [position for start, end in ranges for position in range(start, end)]


def cases(runner, other):
    """Name to (intervention as a request writes it, edits) for one prompt; `other` is the runner of another prompt."""
    prompt, last = runner.prompt, runner.layers - 1
    length, image = len(prompt.ids), positions(prompt.image_ranges)
    some = image[1:4]
    found = {}

    for name, layers in (("one", [0]), ("all", list(range(runner.layers)))):
        head = 1
        columns = slice(head * runner.head_dim, (head + 1) * runner.head_dim)
        found[f"head@{name}"] = (
            {"kind": "head_ablation", "layers": layers, "heads": [head]},
            [runner.change("attn.z", layer, zero(slice(None), columns)) for layer in layers],
        )
    found["zero@last-layer"] = (
        {"kind": "token_ablation", "tokens": some, "replace": "zero", "site": {"layer": last}},
        [runner.change("resid.pre", last, zero(some))],
    )

    states = runner.values([("resid.pre", 1)])["resid.pre", 1]

    def picture_means(values):
        for start, end in prompt.image_ranges:
            rows = [position for position in some if start <= position < end]
            values[rows] = states[start:end].double().mean(0).float()
        return values

    found["image-mean@1"] = (
        {"kind": "token_ablation", "tokens": some, "replace": "image_mean", "site": {"layer": 1}},
        [runner.change("resid.pre", 1, picture_means)],
    )

    direction = runner.model.lm_head.weight[TOKEN].float() * runner.text.norm.weight.float()
    unit = (direction.double() / direction.double().norm())

    def project(weight, only_positive):
        def function(values):
            along = values[image].double() @ unit
            if only_positive:
                along = along.clamp(min=0)
            values[image] = (values[image].double() - weight * along[:, None] * unit).float()
            return values

        return function

    for name, weight, only_positive in (("positive", 1, True), ("both", 1.5, False)):
        layers = list(range(runner.layers))
        found[f"project@{name}"] = (
            {
                "kind": "project_away", "tokens": "image", "direction": {"token": TOKEN}, "layers": layers,
                "weight": weight, "only_positive": only_positive,
            },
            [runner.change("resid.pre", layer, project(weight, only_positive)) for layer in layers],
        )

    end = [[length - 1, length]]
    for name, mode, factor, heads in (
        ("less", "pre_softmax", 0.25, list(range(runner.heads))), ("more", "pre_softmax", 8, [0]),
        ("after", "post_softmax", 0.5, list(range(runner.heads))),
    ):
        layers = list(range(runner.layers))
        found[f"scale@{name}"] = (
            {
                "kind": "attention_scale", "from": "image", "to": {"union": ["last", "generated"]}, "layers": layers,
                "heads": heads, "mode": mode, "factor": factor,
            },
            [runner.scale(prompt.image_ranges, end, True, layers, heads, mode, factor)],
        )

    theirs = other.values([(site, 1) for site in SITES])
    for site in SITES:
        row = theirs[site, 1][image[0]]

        def patch(values, row=row):
            values[length - 1] = row
            return values

        found[f"patch@{site}"] = (
            {
                "kind": "activation_patch", "site": f"text.blocks.1.{site}", "positions": "last",
                "source": {"array": row[None].tolist()},
            },
            [runner.change(site, 1, patch)],
        )
    return found | replacements.cases(runner)


def make(configuration):
    directory = HERE / configuration.name
    model, processor = generate.load(directory)
    prompts = {
        name: generate.Prompt(name, messages, pictures, processor)
        for name, (messages, pictures) in configuration.prompts.items()
    }
    name = "one_image" if "one_image" in prompts else next(name for name in prompts if prompts[name].picture_names)
    runner = Runner(model, prompts[name])
    plain = runner.forward()[-1]

    records, arrays, dull = {}, {}, []
    for key, (form, edits) in cases(runner, other_runner(runner, processor)).items():
        tokens, first = runner.greedy(edits)
        if torch.allclose(first, plain, atol=MARGIN):
            dull.append(key)
        records[key] = {"intervention": form, "tokens": tokens}
        arrays[f"{key}.first_logits"] = first
    assert not dull, f"{configuration.name}: {dull} do nothing"

    rows = generate.spread(len(prompts[name].ids), 6)
    for (site, layer), values in runner.values([(site, 1) for site in SITES]).items():
        arrays[f"text.blocks.{layer}.{site}"] = values[rows]
    arrays["mean_embedding"] = replacements.mean_embedding(runner)
    expected = {"made_with": generate.VERSIONS, "prompt": name, "positions": rows, "cases": records}
    expected |= readouts.expect(model, prompts[name], rows, arrays)
    checkpoint.write_json(directory / "states.json", expected)
    save_file(
        {key: np.ascontiguousarray(value.float().numpy()) for key, value in arrays.items()},
        directory / "states.safetensors",
    )
    for file in ("states.json", "states.safetensors"):
        (directory / file).chmod(0o644)
    print(f"{configuration.name}: {len(records)} cases")


def main():
    generate.begin()
    for name in sys.argv[1:] or configurations.ALL:
        make(configurations.ALL[name]())


if __name__ == "__main__":
    main()
