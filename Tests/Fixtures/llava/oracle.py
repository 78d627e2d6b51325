"""Runs the transformers model and, apart from it, interventions on it.

Nothing is cached: each step runs the whole sequence again under one mask, so that prefill and decode rows cannot differ
in how they are blocked.
"""

import contextlib
from unittest import mock

import torch
from transformers.models.llama import modeling_llama


class Knockout:
    """Edges from source to receiver positions that are cut on some layers and heads.

    `sources` and `receivers` are half-open ranges of positions; `generated` adds every position from the prompt's end
    on to the receivers. `mode` is "pre_softmax" (the rest renormalises) or "post_softmax" (it does not).
    """

    def __init__(self, sources, receivers=(), *, generated=False, layers=None, heads=None, mode="pre_softmax"):
        self.sources = [list(r) for r in sources]
        self.receivers = [list(r) for r in receivers]
        self.generated = generated
        self.layers, self.heads, self.mode = layers, heads, mode

    def resolved(self, layer_count, head_count):
        """With every layer and head written out."""
        layers = list(range(layer_count)) if self.layers is None else self.layers
        heads = list(range(head_count)) if self.heads is None else self.heads
        return {
            "from": self.sources,
            "to": self.receivers,
            "to_generated": self.generated,
            "layers": layers,
            "heads": heads,
            "mode": self.mode,
        }

    def cut(self, layer, head_count, prompt_length, length):
        """Booleans [heads, receivers, sources] of one layer."""
        edges = torch.zeros(head_count, length, length, dtype=torch.bool)
        if self.layers is not None and layer not in self.layers:
            return edges
        ranges = self.receivers + ([[prompt_length, length]] if self.generated else [])
        for head in range(head_count) if self.heads is None else self.heads:
            for first, last in ranges:
                for start, end in self.sources:
                    edges[head, first:last, start:end] = True
        return edges


class Run:
    """What one forward pass gave; every array without its batch axis, in f32."""

    def __init__(self, logits, hidden, final_norm, pattern):
        self.logits = logits  # [tokens, vocabulary]
        self.hidden = hidden  # [layers + 1, tokens, hidden]: embeddings, then after each block, not yet normed
        self.final_norm = final_norm  # [tokens, hidden]
        self.pattern = pattern  # [layers, heads, tokens, tokens]


class Oracle:
    """One model with the sequence and pictures of one prompt."""

    def __init__(self, model, ids, pixel_values=None):
        self.model, self.ids, self.pixel_values = model, list(ids), pixel_values
        self.text = model.model.language_model
        self.layers = len(self.text.layers)
        self.heads = model.config.text_config.num_attention_heads

    @torch.no_grad()
    def forward(self, generated=(), knockouts=(), embeddings=None):
        """The whole sequence, prompt and generated tokens, in one pass.

        `embeddings` replaces the decoder's input at the prompt's positions: [tokens, hidden].
        """
        ids = torch.tensor([self.ids + list(generated)])
        inputs = {"input_ids": ids, "pixel_values": self.pixel_values}
        if embeddings is not None:
            tail = self.text.embed_tokens(ids[0, len(self.ids):])
            inputs = {"inputs_embeds": torch.cat([embeddings, tail])[None]}
        outputs = {}
        with contextlib.ExitStack() as stack:
            self._record(stack, outputs)
            if knockouts:
                self._intervene(stack, knockouts, ids.shape[1])
            result = self.model(**inputs, output_attentions=True, use_cache=False)
        return Run(
            result.logits[0].float(),
            torch.stack([outputs[index] for index in range(self.layers + 1)]).float(),
            outputs["norm"].float(),
            torch.stack([layer[0] for layer in result.attentions]).float(),
        )

    def greedy(self, count, stop=(), knockouts=(), embeddings=None):
        """Up to `count` tokens, least margin between the best two logits, and the pass over all but the last token."""
        tokens, margin = [], float("inf")
        run = self.forward(tokens, knockouts, embeddings)
        while True:
            best = run.logits[-1].topk(2)
            margin = min(margin, float(best.values[0] - best.values[1]))
            tokens.append(int(best.indices[0]))
            if len(tokens) == count or tokens[-1] in stop:
                return tokens, margin, run
            run = self.forward(tokens, knockouts, embeddings)

    @torch.no_grad()
    def picture_arrays(self):
        """Selected vision features and projected embeddings, each [pictures, patches, width]."""
        taken = {}
        hook = self.model.model.multi_modal_projector.register_forward_pre_hook(
            lambda _, arguments: taken.update(features=arguments[0])
        )
        projected = self.model.model.get_image_features(pixel_values=self.pixel_values, return_dict=True).pooler_output
        hook.remove()
        return taken["features"].float(), torch.stack(list(projected)).float()

    # Private

    def _record(self, stack, outputs):
        def keep(key, value):
            outputs[key] = (value[0] if isinstance(value, tuple) else value)[0].detach().clone()

        first = self.text.layers[0]
        hooks = [first.register_forward_pre_hook(lambda _, arguments: keep(0, arguments[0]))]
        for index, layer in enumerate(self.text.layers):
            hooks.append(layer.register_forward_hook(lambda _, __, output, index=index: keep(index + 1, output)))
        hooks.append(self.text.norm.register_forward_hook(lambda _, __, output: keep("norm", output)))
        for hook in hooks:
            stack.callback(hook.remove)

    def _intervene(self, stack, knockouts, length):
        causal = torch.full((length, length), float("-inf")).triu(1)
        for index, layer in enumerate(self.text.layers):
            cuts = {"pre_softmax": torch.zeros(self.heads, length, length, dtype=torch.bool)}
            cuts["post_softmax"] = cuts["pre_softmax"].clone()
            for knockout in knockouts:
                cuts[knockout.mode] |= knockout.cut(index, self.heads, len(self.ids), length)
            additive = causal + torch.where(cuts["pre_softmax"], float("-inf"), 0.0)
            kept = (~cuts["post_softmax"]).float()

            def replace(_, arguments, named, additive=additive, kept=kept):
                return arguments, named | {"attention_mask": additive[None], "kept": kept[None]}

            hook = layer.self_attn.register_forward_pre_hook(replace, with_kwargs=True)
            stack.callback(hook.remove)
        stack.enter_context(mock.patch.object(modeling_llama, "eager_attention_forward", masked_attention))


def masked_attention(module, query, key, value, attention_mask, scaling, kept, dropout=0.0, **_):
    """softmax(QKᵀ·scale + mask), a row without a source giving zeros and finite gradients, times `kept` after it."""
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    scores = query @ key.transpose(2, 3) * scaling + attention_mask
    empty = torch.isneginf(scores).all(-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(empty, 0.0), dim=-1).masked_fill(empty, 0.0) * kept
    return (weights @ value).transpose(1, 2).contiguous(), weights
