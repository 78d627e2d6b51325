"""Edges of attention that are scaled."""

import torch


class Edges:
    """Edges from source to receiver positions, half-open ranges of both, whose weights are multiplied by a factor."""

    def __init__(self, sources, receivers, generated, layers, heads, mode, factor):
        self.sources, self.receivers, self.generated = sources, receivers, generated
        self.layers, self.heads, self.mode, self.factor = layers, heads, mode, factor

    def factors(self, head_count, prompt_length, length):
        """Factors [heads, receivers, sources] of one layer."""
        factors = torch.ones(head_count, length, length)
        ranges = self.receivers + ([[prompt_length, length]] if self.generated else [])
        for head in self.heads:
            for first, last in ranges:
                for start, end in self.sources:
                    factors[head, first:last, start:end] = self.factor
        return factors
