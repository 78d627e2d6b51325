"""What is read out of a plain run beyond the sites of states.py: the decoder's ends and attention, the logit lens at
every layer, and the vision tower's residual stream."""

import torch

from oracle import Oracle

BLOCK = 1  # whose sites are kept, of the decoder and of the tower
TOKENS = 40  # of the tower; where it has more, evenly spaced ones are kept


def expect(model, prompt, rows, arrays):
    """Adds arrays; returns what they hold. `rows` are the prompt's positions that are kept."""
    run = Oracle(model, prompt.ids, prompt.pixel_values).forward()
    arrays["text.embed"] = run.hidden[0, rows]
    arrays["text.final.norm"] = run.final_norm[rows]
    arrays[f"text.blocks.{BLOCK}.attn.pattern"] = run.pattern[BLOCK][:, rows].transpose(0, 1)
    lens = rows[::2]
    norm = model.model.language_model.norm
    with torch.no_grad():
        for name, states in (("final", norm(run.hidden[:, lens])), ("none", run.hidden[:, lens])):
            arrays[f"lens.{name}"] = model.lm_head(states).float().softmax(-1)
    return {"lens_positions": lens, "vision_tokens": tower(model, prompt.pixel_values, arrays)}


@torch.no_grad()
def tower(model, pixel_values, arrays):
    """The residual stream [pictures, tokens, width] around a block; returns the tokens that are kept."""
    block = find_blocks(model.model.vision_tower)[BLOCK]
    kept = {}

    def first(value):
        return value[0] if isinstance(value, tuple) else value

    hooks = [
        block.register_forward_pre_hook(
            lambda _, arguments, named: kept.update(pre=arguments[0] if arguments else named["hidden_states"]),
            with_kwargs=True,
        ),
        block.layer_norm2.register_forward_pre_hook(lambda _, arguments: kept.update(mid=arguments[0])),
        block.register_forward_hook(lambda _, __, output: kept.update(post=first(output))),
    ]
    model.model.get_image_features(pixel_values=pixel_values, return_dict=True)
    for hook in hooks:
        hook.remove()
    count = kept["post"].shape[1]
    tokens = list(range(0, count, -(-count // TOKENS)))
    for place, states in kept.items():
        arrays[f"vision.blocks.{BLOCK}.resid.{place}"] = states[:, tokens].float()
    return tokens


def find_blocks(vision_tower):
    found = [module for name, module in vision_tower.named_modules() if name.endswith("encoder.layers")]
    assert len(found) == 1
    return found[0]
