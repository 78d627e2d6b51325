"""Which image tokens belong to what: objects, their surroundings, tokens of large norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from answers import PROMPT, SIDE, HeldOut
from scoring import dilated, patch_cover
from server import Server, ServerError, chat
from world import SceneObject

REGISTER_SIGMA = 2
# Where too few tokens have a norm that large, the next lower bound is taken.
_SIGMAS = (REGISTER_SIGMA, 1.5, 1, 0.5, 0)


@dataclass(frozen=True)
class Regions:
    """The image tokens of a prompt that begins with one picture."""

    first: int
    grid: int
    boxes: np.ndarray
    # Positions with norms above each of `_SIGMAS`, each set within the next.
    outstanding: tuple[tuple[int, ...], ...]

    @property
    def registers(self) -> tuple[int, ...]:
        """P1's register tokens; often there are none."""
        return self.outstanding[0]

    def object(self, item: SceneObject, buffer: int = 0) -> list[int]:
        """Positions of the patches that the object touches, and of so many rings around them."""
        covered = dilated(patch_cover(item, SIDE, self.grid) > 0, buffer)
        return [self.first + int(i) for i in np.flatnonzero(covered)]

    def large_norm_elsewhere(self, count: int, avoided: list[int], random: np.random.Generator) -> list[int]:
        """As many tokens of large norm outside the avoided ones as `count`; fewer if the picture has no more."""
        pool: list[int] = []
        for positions in self.outstanding:
            pool = [p for p in positions if p not in avoided]
            if len(pool) >= count:
                break
        return sorted(int(p) for p in random.permutation(pool)[:count])


def regions(server: Server, held: HeldOut) -> Regions:
    layout = server.post("/v1/layout", chat(held.image, PROMPT))
    boxes = np.array(layout["images"][0]["patch_boxes"])
    first = layout["spans"]["image"][0][0]
    outstanding = tuple(_above(server, held, sigma) for sigma in _SIGMAS)
    return Regions(first, layout["images"][0]["tiles"][0]["rows"], boxes, outstanding)


def _above(server: Server, held: HeldOut, sigma: float) -> tuple[int, ...]:
    """The attention route names the positions that a span resolves to; an empty span is unsupported."""
    attention = {"rows": {"register": {"sigma": sigma}}, "layers": [0]}
    try:
        answer = server.post("/v1/attention", chat(held.image, PROMPT, max_tokens=0, attention=attention))
    except ServerError as error:
        if error.is_unsupported:
            return ()
        raise
    return tuple(row["position"] for row in answer["attention"]["rows"])
