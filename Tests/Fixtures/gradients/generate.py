"""Makes the fixtures of gradients: `python generate.py`. README.md says what they hold.

The checkpoints are those of ../llava; torch's autograd does the rest.
"""

import contextlib
import pathlib
import sys

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent
LLAVA = HERE.parent / "llava"
sys.path.insert(0, str(LLAVA))

import checkpoint  # noqa: E402
import configurations  # noqa: E402
import generate  # noqa: E402
import oracle  # noqa: E402
from oracle import Knockout, Oracle  # noqa: E402

STEPS = 50
CASES = {"mha-crop": "one_image", "gqa-pad": "one_image", "features": "three_images", "grid24": "one_image"}


def masked_attention(module, query, key, value, attention_mask, scaling, kept, dropout=0.0, **_):
    """What oracle.masked_attention computes, with finite gradients for rows without a source."""
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    scores = query @ key.transpose(2, 3) * scaling + attention_mask
    empty = torch.isneginf(scores).all(-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(empty, 0.0), dim=-1).masked_fill(empty, 0.0) * kept
    return (weights @ value).transpose(1, 2).contiguous(), weights


class Sample:
    """One prompt's decoder inputs and one target token."""

    def __init__(self, model, prompt, target):
        self.model, self.target = model, target
        self.oracle = Oracle(model, prompt.ids, prompt.pixel_values)
        self.length = len(prompt.ids)
        self.image = [position for start, end in prompt.image_ranges for position in range(start, end)]
        self.text = prompt.text_ranges
        self.image_ranges = prompt.image_ranges
        with torch.no_grad():
            inputs = {"input_ids": torch.tensor([prompt.ids]), "pixel_values": prompt.pixel_values}
            taken = {}
            first = self.oracle.text.layers[0]
            hook = first.register_forward_pre_hook(lambda _, arguments: taken.update(states=arguments[0]))
            model(**inputs, use_cache=False)
            hook.remove()
        self.inputs = taken["states"][0].clone()  # [tokens, hidden]
        self.baseline = self.inputs[self.image].double().mean(0).float()

    def forward(self, inputs, knockouts=()):
        """The target's logit and each layer's attention, which keeps its gradient."""
        with contextlib.ExitStack() as stack:
            if knockouts:
                self.oracle._intervene(stack, knockouts, self.length)
            output = self.model(inputs_embeds=inputs[None], output_attentions=True, use_cache=False)
        for attention in output.attentions:
            attention.retain_grad()
        return output.logits[0, -1, self.target], output.attentions

    def gradient(self, inputs, knockouts=()):
        """Gradient [tokens, hidden], logit, and the relevancy of every position [tokens]."""
        inputs = inputs.detach().clone().requires_grad_()
        logit, attentions = self.forward(inputs, knockouts)
        logit.backward()
        rollout = torch.eye(self.length)
        for attention in attentions:
            positive = (attention[0] * attention.grad[0]).clamp(min=0).mean(0)
            rollout = rollout + positive.detach() @ rollout
        self.model.zero_grad()
        return inputs.grad, logit.item(), rollout[-1]

    def at(self, share):
        """Inputs between the baseline and the real ones."""
        inputs = self.inputs.clone()
        inputs[self.image] = self.baseline + share * (self.inputs[self.image] - self.baseline)
        return inputs

    def integrated(self):
        """Integrated gradients [image tokens, hidden] by the midpoint rule."""
        total = torch.zeros(len(self.image), self.inputs.shape[1], dtype=torch.float64)
        for step in range(STEPS):
            total += self.gradient(self.at((step + 0.5) / STEPS))[0][self.image].double() / STEPS
        return total * (self.inputs[self.image] - self.baseline).double()


def knockouts(sample):
    """Edits of attention under which gradients are taken too."""
    last = [[sample.length - 1, sample.length]]
    return {
        "pre": [Knockout(sample.image_ranges, sample.text, layers=[1], heads=[0, 1])],
        "post": [Knockout([[0, 3]], last, mode="post_softmax")],
        "row-without-sources": [Knockout([[0, sample.length]], [[1, 2], *last], layers=[1])],
    }


def expect(name, prompt_name, arrays):
    configuration = configurations.ALL[name]()
    model, processor = generate.load(LLAVA / name)
    prompt = generate.Prompt(prompt_name, *configuration.prompts[prompt_name], processor)
    target = 10 + len(name)
    sample = Sample(model, prompt, target)
    gradient, logit, relevance = sample.gradient(sample.inputs)
    arrays |= {"gradient": gradient, "relevance": relevance, "baseline": sample.baseline}
    record = {"prompt": prompt_name, "target": target, "steps": STEPS, "logit": logit}
    if len(sample.image) < 200:
        integrated = sample.integrated()
        ends = [sample.forward(sample.at(share))[0].item() for share in (1, 0)]
        arrays["integrated"] = integrated
        record |= {"difference": ends[0] - ends[1], "sum": integrated.sum().item(), "knockouts": {}}
        for key, edges in knockouts(sample).items():
            gradient, logit, relevance = sample.gradient(sample.inputs, edges)
            arrays |= {f"{key}.gradient": gradient, f"{key}.relevance": relevance}
            resolved = [edge.resolved(sample.oracle.layers, sample.oracle.heads) for edge in edges]
            record["knockouts"][key] = {"edges": resolved, "logit": logit}
    return record


def main():
    generate.check_versions()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    oracle.masked_attention = masked_attention
    for name, prompt_name in CASES.items():
        arrays = {}
        record = expect(name, prompt_name, arrays)
        checkpoint.write_json(HERE / f"{name}.json", record)
        plain = {key: np.ascontiguousarray(value.detach().float().numpy()) for key, value in arrays.items()}
        save_file(plain, HERE / f"{name}.safetensors")
        (HERE / f"{name}.safetensors").chmod(0o644)
        print(name, {key: value for key, value in record.items() if key in ("logit", "sum", "difference")})


if __name__ == "__main__":
    main()
