"""The shapes of `fovea bench`, for the peers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Decoder:
    """A Llama decoder."""

    layers: int
    hidden: int
    inner: int
    heads: int
    key_value_heads: int
    vocabulary: int

    @property
    def head_dim(self) -> int:
        return self.hidden // self.heads


DECODERS = {
    "tiny": Decoder(4, 64, 160, 4, 2, 512),
    "llama-1b": Decoder(22, 2048, 5632, 32, 4, 32000),
    "llava-1.5-7b": Decoder(32, 4096, 11008, 32, 32, 32064),
}

# Five words, 576 image tokens, twelve words.
BEFORE, IMAGE, AFTER = 5, 576, 12
PROBED = BEFORE + IMAGE + AFTER
