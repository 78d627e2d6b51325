// Stores keys and values in the layouts that attention reads; see simd_kernels.h and key_values.h.

#include "key_values.h"

enum { block_words = 64 };

/// Copies up to `block_words` words of a row, rounded in bf16 and padded with zeros to a whole word.
static inline void read_words(ck_type format, const float *x, size_t count, uint32_t *words) {
    if (format != CK_BF16) {
        memcpy(words, x, count * sizeof(float));
        return;
    }
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store_bf16((char *)words + i * sizeof(uint16_t), load(x + i));
    for (; i < count; i++) ((uint16_t *)words)[i] = bf16_of_float(x[i]);
    if (count & 1) ((uint16_t *)words)[count] = 0;
}

/// Writes rows of one panel, a square of it at a time, so that the transposition stays in the nearest cache.
static void store_key_panel(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim,
                            uint32_t *panel) {
    uint32_t block[CK_PANEL][block_words];
    size_t step = format == CK_BF16 ? 2 * block_words : block_words;
    for (size_t d = 0; d < head_dim; d += step) {
        size_t elements = head_dim - d < step ? head_dim - d : step, words = words_of(format, elements);
        for (size_t r = 0; r < count; r++) read_words(format, x + r * stride + d, elements, block[r]);
        for (size_t i = 0; i < words; i++)
            for (size_t r = 0; r < count; r++) panel[(words_of(format, d) + i) * CK_PANEL + r] = block[r][i];
    }
}

static void store_keys(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                       void *keys) {
    for (size_t r = 0; r < count;) {
        size_t column = (first + r) % CK_PANEL, rest = CK_PANEL - column, rows = count - r < rest ? count - r : rest;
        uint32_t *panel = (uint32_t *)keys + key_panel(format, first + r, head_dim) + column;
        store_key_panel(format, x + r * stride, stride, rows, head_dim, panel);
        r += rows;
    }
}

/// Words of a pair of positions: `even` in the lower halves, `odd` in the upper ones; NULL keeps the former, or clears
/// the latter.
static inline void store_value_pair(const float *even, const float *odd, size_t count, uint32_t *words) {
    for (size_t i = 0; i < count; i += lanes) {
        size_t n = count - i < lanes ? count - i : lanes;
        uvec pair = (uvec)load((const float *)words + i);
        pair &= 0xffff;
        if (even) pair = (uvec)rounded_to_bf16(n == lanes ? load(even + i) : load_first(even + i, n)) >> 16;
        if (odd) pair |= (uvec)rounded_to_bf16(n == lanes ? load(odd + i) : load_first(odd + i, n));
        store((float *)words + i, (vec)pair);
    }
}

static void store_values(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                         void *values) {
    for (size_t r = 0; r < count;) {
        uint32_t *row = (uint32_t *)values + value_row(format, first + r, head_dim);
        const float *value = x + r * stride;
        if (format != CK_BF16) {
            memcpy(row, value, head_dim * sizeof(float));
            r++;
        } else if ((first + r) % 2) {
            store_value_pair(NULL, value, head_dim, row);
            r++;
        } else {
            store_value_pair(value, r + 1 < count ? value + stride : NULL, head_dim, row);
            r += 2;
        }
    }
}
