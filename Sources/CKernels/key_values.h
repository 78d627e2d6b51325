/// Where the elements of stored keys and values lie: one f32, or one pair of bf16, is a word. See CKernels.h.
#pragma once

#include "CKernels.h"

/// Words of `count` elements of a row.
static inline size_t words_of(ck_type format, size_t count) { return format == CK_BF16 ? (count + 1) / 2 : count; }

/// Columns of a stored value, and of a context in scratch.
static inline size_t value_width(size_t head_dim) { return (head_dim + CK_PANEL - 1) / CK_PANEL * CK_PANEL; }

/// Floats of a row of scores: a panel's columns are written whole.
static inline size_t score_width(size_t keys) { return (keys + 2 * CK_PANEL - 1) / CK_PANEL * CK_PANEL; }

/// Words before the panel of keys that holds `position`.
static inline size_t key_panel(ck_type format, size_t position, size_t head_dim) {
    return position / CK_PANEL * CK_PANEL * words_of(format, head_dim);
}

/// Words before the values of `position`; in bf16, of its pair.
static inline size_t value_row(ck_type format, size_t position, size_t head_dim) {
    return (format == CK_BF16 ? position / 2 : position) * value_width(head_dim);
}
