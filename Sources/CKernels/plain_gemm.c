#include "plain.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

static size_t padded(size_t k) { return (k + 1) & ~(size_t)1; }

/// Row-major [rows][padded k], rounded to bf16 where the format says so; bytes in groups.
void plain_pack_rows(ck_format format, const float *x, size_t stride, size_t rows, size_t k, size_t begin, size_t end,
                     void *packed) {
    (void)rows;
    if (format == CK_INT8_WEIGHTS || format == CK_INT4_WEIGHTS) {
        plain_quantise_rows(x, stride, k, begin, end, packed);
        return;
    }
    for (size_t r = begin; r < end; r++) {
        float *row = (float *)packed + r * padded(k);
        for (size_t i = 0; i < k; i++) {
            float value = x[r * stride + i];
            row[i] = format == CK_BF16_WEIGHTS ? float_of_bf16(bf16_of_float(value)) : value;
        }
        if (k & 1) row[k] = 0;
    }
}

static void multiply_f32(const float *a, const float *panel, size_t k, float *sums) {
    for (size_t i = 0; i < k; i++)
        for (size_t n = 0; n < CK_PANEL; n++) sums[n] += a[i] * panel[i * CK_PANEL + n];
}

static void multiply_bf16(const float *a, const uint16_t *panel, size_t k, float *sums) {
    for (size_t i = 0; i < k; i++) {
        const uint16_t *pair = panel + (i / 2) * CK_PANEL * 2 + (i & 1);
        for (size_t n = 0; n < CK_PANEL; n++) sums[n] += a[i] * float_of_bf16(pair[n * 2]);
    }
}

static void multiply(const ck_gemm *g, size_t row, size_t panel, float *sums) {
    const void *weights = (const char *)g->panels + panel * ck_panel_size(g->format, g->inputs);
    const float *a = (const float *)g->packed_rows + row * padded(g->inputs);
    switch (g->format) {
    case CK_F32_WEIGHTS: multiply_f32(a, weights, g->inputs, sums); return;
    case CK_BF16_WEIGHTS: multiply_bf16(a, weights, g->inputs, sums); return;
    case CK_INT8_WEIGHTS:
    case CK_INT4_WEIGHTS: plain_multiply_bytes(g, row, panel, sums); return;
    }
}

static float combined(float old, float value, ck_combination combination) {
    return combination == CK_ADD ? old + value : combination == CK_MULTIPLY ? old * value : value;
}

void plain_gemm(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                float *scratch) {
    (void)scratch;
    for (size_t p = panel_begin; p < panel_end; p++) {
        size_t first = p * CK_PANEL, width = g->outputs - first < CK_PANEL ? g->outputs - first : CK_PANEL;
        for (size_t r = row_begin; r < row_end; r++) {
            float sums[CK_PANEL] = {0};
            multiply(g, r, p, sums);
            for (size_t n = 0; g->bias && n < width; n++) sums[n] += g->bias[first + n];
            plain_activate(sums, width, g->activation);
            float *y = g->y + r * g->y_stride + first;
            for (size_t n = 0; n < width; n++) y[n] = combined(y[n], sums[n], g->combination);
        }
    }
}
