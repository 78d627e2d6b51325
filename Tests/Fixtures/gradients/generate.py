"""Makes the fixtures of gradients: `python generate.py`. README.md says what they hold.

The checkpoints are those of ../llava; torch's autograd does the rest.
"""

import contextlib
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "llava"))

import derived  # noqa: E402
import generate  # noqa: E402
import states  # noqa: E402
from oracle import Knockout, Oracle  # noqa: E402

STEPS = 50
LONG = 200  # tokens; of longer prompts some rows are kept and nothing is integrated
INTEGRATED = ["together@kinds", "project@positive", "noise@1"]


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

    def forward(self, inputs, edits=()):
        """The target's logit and each layer's attention, under edits as states.py makes them."""
        with contextlib.ExitStack() as stack:
            for edit in edits:
                edit(stack, self.length)
            output = self.model(inputs_embeds=inputs[None], output_attentions=True, use_cache=False)
        return output.logits[0, -1, self.target], output.attentions

    def gradient(self, inputs, edits=()):
        """Gradient [tokens, hidden], logit, and the relevancy of every position [tokens]."""
        inputs = inputs.detach().clone().requires_grad_()
        logit, attentions = self.forward(inputs, edits)
        for attention in attentions:
            attention.retain_grad()
        logit.backward()
        rollout = torch.eye(self.length)
        for attention in attentions:
            positive = (attention[0] * attention.grad[0]).clamp(min=0).mean(0)
            rollout = rollout + positive.detach() @ rollout
        return inputs.grad, logit.item(), rollout[-1]

    def at(self, share):
        """Inputs between the baseline and the real ones."""
        inputs = self.inputs.clone()
        inputs[self.image] = self.baseline + share * (self.inputs[self.image] - self.baseline)
        return inputs

    def integrated(self, edits=()):
        """Integrated gradients [image tokens, hidden] by the midpoint rule, and what they add up to and should."""
        total = torch.zeros(len(self.image), self.inputs.shape[1], dtype=torch.float64)
        for step in range(STEPS):
            total += self.gradient(self.at((step + 0.5) / STEPS), edits)[0][self.image].double() / STEPS
        integrated = total * (self.inputs[self.image] - self.baseline).double()
        ends = [self.forward(self.at(share), edits)[0].item() for share in (1, 0)]
        return integrated, {"difference": ends[0] - ends[1], "sum": integrated.sum().item()}


def knockouts(sample):
    """Edits of attention under which gradients are taken too."""
    last = [[sample.length - 1, sample.length]]
    return {
        "pre": [Knockout(sample.image_ranges, sample.text, layers=[1], heads=[0, 1])],
        "post": [Knockout([[0, 3]], last, mode="post_softmax")],
        "row-without-sources": [Knockout([[0, sample.length]], [[1, 2], *last], layers=[1])],
    }


def expect_knockouts(sample, arrays):
    found = {}
    for key, edges in knockouts(sample).items():
        cut = [lambda stack, length, edges=edges: sample.oracle._intervene(stack, edges, length)]
        gradient, logit, relevance = sample.gradient(sample.inputs, cut)
        arrays |= {f"{key}.gradient": gradient, f"{key}.relevance": relevance}
        resolved = [edge.resolved(sample.oracle.layers, sample.oracle.heads) for edge in edges]
        found[key] = {"edges": resolved, "logit": logit}
    return found


def expect_interventions(sample, prompt, processor, rows, arrays):
    """Every case of states.py."""
    runner = states.Runner(sample.model, prompt)
    found = {}
    for key, (_, edits) in states.cases(runner, states.other_runner(runner, processor)).items():
        gradient, logit, relevance = sample.gradient(sample.inputs, edits)
        arrays |= {f"{key}.gradient": gradient[rows], f"{key}.relevance": relevance[rows]}
        found[key] = {"logit": logit}
        if sample.length < LONG and key in INTEGRATED:
            arrays[f"{key}.integrated"], ends = sample.integrated(edits)
            found[key] |= ends
    return found


def expect(name, prompt_name, arrays):
    model, processor, prompt = derived.load(name, prompt_name)
    model.requires_grad_(False)
    target = 10 + len(name)
    sample = Sample(model, prompt, target)
    gradient, logit, relevance = sample.gradient(sample.inputs)
    arrays |= {"gradient": gradient, "relevance": relevance, "baseline": sample.baseline}
    record = {"prompt": prompt_name, "target": target, "steps": STEPS, "logit": logit}
    rows = generate.spread(sample.length, 16 if sample.length >= LONG else sample.length)
    if sample.length < LONG:
        arrays["integrated"], ends = sample.integrated()
        record |= ends | {"knockouts": expect_knockouts(sample, arrays)}
    record |= {"rows": rows, "interventions": expect_interventions(sample, prompt, processor, rows, arrays)}
    return record


if __name__ == "__main__":
    derived.write_all(HERE, expect)
