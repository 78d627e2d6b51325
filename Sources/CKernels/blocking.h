/// Sizes of the blocks that the vector kernels keep in a cache, shared with the computation of scratch sizes.
#pragma once

enum {
    /// Inputs a matrix product covers before it moves on: a panel's slice stays in the nearest cache.
    k_block = 256,
    /// Bytes between what is read and what is asked for to come to the nearest cache, of f32 and bf16 weights that few
    /// rows read in order; what comes as far behind that is asked for to come to the second cache.
    stream_lead = 2048,
    /// Keys whose values are mixed into all rows at a time; even, and not less than a panel.
    value_block = 128,
};
