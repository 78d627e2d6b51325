/// Sizes of the blocks that the vector kernels keep in a cache, shared with the computation of scratch sizes.
#pragma once

enum {
    /// Inputs a matrix product covers before it moves on: a panel's slice stays in the nearest cache.
    k_block = 256,
    /// Panels that share one slice of the packed rows while it is in the second cache.
    panel_group = 8,
    /// Panels of bytes that few rows read side by side; not more than panel_group.
    byte_streams = 4,
    /// Bytes between what is read and what is asked for, of weights that are read in order: what memory delivers while
    /// its slowest answer is under way.
    stream_lead = 4096,
    /// Keys whose values are mixed into all rows at a time; even, and not less than a panel.
    value_block = 128,
};
