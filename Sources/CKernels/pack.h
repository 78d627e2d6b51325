/// Packing of weight rows into panels, by format.
#pragma once

#include "CKernels.h"

/// Up to CK_PANEL weight rows of any stored types.
typedef struct {
    const ck_kernels *table;
    const void *const *rows;
    const ck_type *types;
    size_t row_count;
} weight_rows;

/// Elements [begin, begin + count) of row n as floats.
void read_weights(const weight_rows *w, size_t n, size_t begin, size_t count, float *y);

/// Packs all rows of `k` inputs as a panel of quads and scales.
void pack_int8(const weight_rows *w, size_t k, uint8_t *panel);
/// Packs all rows of `k` inputs as a panel of halves, sub-scales and scales.
void pack_int4(const weight_rows *w, size_t k, uint8_t *panel);
