"""The logit lens on object patches: do hidden states already spell what lies under them?"""

from __future__ import annotations

import numpy as np

from answers import PROMPT, SIDE, HeldOut
from scoring import names_object, patch_cover
from server import Server, chat

# A patch belongs to an object that covers at least half of it.
_COVERED = 0.5


def lens(server: Server, scenes: list[HeldOut]) -> dict:
    """Share of object patches whose top 5 hold the object's colour or shape, [layer]; background patches as control.

    The control asks the same of patches that no object touches, with the scene's first object.
    """

    def ask(held: HeldOut) -> dict:
        body = chat(held.image, PROMPT, lens={"positions": "image", "layers": "all", "top_k": 5})
        return server.post("/v1/logit-lens", body)

    on_object, elsewhere, layers = [], [], []
    for held, answer in zip(scenes, server.map(ask, scenes)):
        layers = answer["lens"]["layers"]
        grid = answer["layout"]["images"][0]["tiles"][0]["rows"]
        covers = [patch_cover(item, SIDE, grid).ravel() for item in held.drawn.objects]
        words = [[[t["text"] for t in top] for top in layer] for layer in answer["lens"]["top"]]
        for item, cover in zip(held.drawn.objects, covers):
            for patch in np.flatnonzero(cover >= _COVERED):
                on_object.append([names_object(layer[patch], item) for layer in words])
        for patch in np.flatnonzero(sum(covers) == 0):
            elsewhere.append([names_object(layer[patch], held.drawn.objects[0]) for layer in words])
    return {
        "scenes": len(scenes), "layers": layers,
        "object_patches": len(on_object), "object_share": [round(float(v), 4) for v in np.mean(on_object, 0)],
        "background_patches": len(elsewhere), "background_share": [round(float(v), 4) for v in np.mean(elsewhere, 0)],
    }  # fmt: skip
