#include "key_values.h"
#include "plain.h"
#include "scalar.h"

size_t ck_keys_size(ck_type format, size_t positions, size_t head_dim) {
    return key_panel(format, positions + CK_PANEL - 1, head_dim) * sizeof(uint32_t);
}

size_t ck_values_size(ck_type format, size_t positions, size_t head_dim) {
    return value_row(format, positions + 1, head_dim) * sizeof(uint32_t);
}

/// The place of element `d` of a position's key.
static size_t key_index(ck_type format, size_t position, size_t head_dim, size_t d) {
    size_t panel = key_panel(format, position, head_dim), column = position % CK_PANEL;
    return format == CK_BF16 ? 2 * (panel + d / 2 * CK_PANEL + column) + d % 2 : panel + d * CK_PANEL + column;
}

/// The place of element `d` of a position's value.
static size_t value_index(ck_type format, size_t position, size_t head_dim, size_t d) {
    size_t row = value_row(format, position, head_dim);
    return format == CK_BF16 ? 2 * (row + d) + position % 2 : row + d;
}

static float element(ck_type format, const void *words, size_t index) {
    return format == CK_BF16 ? float_of_bf16(((const uint16_t *)words)[index]) : ((const float *)words)[index];
}

static void set_element(ck_type format, void *words, size_t index, float x) {
    if (format == CK_BF16) ((uint16_t *)words)[index] = bf16_of_float(x);
    else ((float *)words)[index] = x;
}

void ck_load_key(ck_type format, const void *keys, size_t position, size_t head_dim, float *y) {
    for (size_t d = 0; d < head_dim; d++) y[d] = element(format, keys, key_index(format, position, head_dim, d));
}

void ck_load_value(ck_type format, const void *values, size_t position, size_t head_dim, float *y) {
    for (size_t d = 0; d < head_dim; d++) y[d] = element(format, values, value_index(format, position, head_dim, d));
}

void plain_store_keys(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                      void *keys) {
    for (size_t r = 0; r < count; r++) {
        for (size_t d = 0; d < head_dim; d++)
            set_element(format, keys, key_index(format, first + r, head_dim, d), x[r * stride + d]);
        if (format == CK_BF16 && head_dim % 2)
            set_element(format, keys, key_index(format, first + r, head_dim, head_dim), 0);
    }
}

void plain_store_values(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                        void *values) {
    for (size_t r = 0; r < count; r++)
        for (size_t d = 0; d < head_dim; d++)
            set_element(format, values, value_index(format, first + r, head_dim, d), x[r * stride + d]);
}
