#include "byte_layout.h"
#include "plain.h"
#include "quantise.h"

#pragma STDC FP_CONTRACT OFF

/// A group of a row of activations: value * scale.
typedef struct {
    float scale;
    int8_t values[byte_group];
} row_group;

/// Row-major [rows][groups].
void plain_quantise_rows(const float *x, size_t stride, size_t k, size_t begin, size_t end, void *packed) {
    for (size_t r = begin; r < end; r++) {
        row_group *groups = (row_group *)packed + r * group_count(k);
        for (size_t i = 0; i < group_count(k); i++) {
            int32_t sum;
            groups[i].scale =
                quantise_row(x + r * stride + i * byte_group, group_inputs(k, i), groups[i].values, &sum);
        }
    }
}

/// Weight of input i and column n of a group, in units of its scale.
static int32_t weight(ck_format format, const uint8_t *group, const uint8_t *subscales, size_t i, size_t n) {
    if (format == CK_INT8_WEIGHTS) return group[(i / 4 * CK_PANEL + n) * 4 + i % 4] - byte_offset;
    size_t subgroup = i / byte_subgroup, word = subgroup / 2 * subgroup_quads + i % byte_subgroup / 4;
    uint8_t halves = group[(word * CK_PANEL + n) * 4 + i % 4];
    uint32_t words = (uint32_t)subscales[2 * n] | (uint32_t)subscales[2 * n + 1] << 8;
    int32_t subscale = (words >> subgroup * 4) & 15;
    return subscale * ((subgroup % 2 == 0 ? halves & 15 : halves >> 4) - 8);
}

static float scale(const uint8_t *scales, size_t n) {
    return float_of_bf16((uint16_t)(scales[2 * n] | scales[2 * n + 1] << 8));
}

void plain_multiply_bytes(const ck_gemm *g, size_t row, size_t panel, float *sums) {
    const row_group *groups = (const row_group *)g->packed_rows + row * group_count(g->inputs);
    const uint8_t *weights = (const uint8_t *)g->panels + panel * ck_panel_size(g->format, g->inputs);
    for (size_t group = 0; group < group_count(g->inputs); group++) {
        size_t inputs = group_inputs(g->inputs, group), size = group_size(g->format, inputs);
        const uint8_t *subscales = weights + group_weights_size(g->format, inputs);
        const uint8_t *scales = weights + size - scales_size;
        for (size_t n = 0; n < CK_PANEL; n++) {
            int32_t sum = 0;
            for (size_t i = 0; i < inputs; i++)
                sum += groups[group].values[i] * weight(g->format, weights, subscales, i, n);
            sums[n] = fmaf((float)sum, scale(scales, n) * groups[group].scale, sums[n]);
        }
        weights += size;
    }
}
