#include <string.h>

#include "plain.h"

#pragma STDC FP_CONTRACT OFF

static void score(const ck_attention_row *row, const ck_segment *segments, size_t head_dim, float scale,
                  float *scores) {
    for (size_t key = 0; key < row->keys; segments++) {
        for (size_t i = 0; i < segments->count && key < row->keys; i++, key++) {
            const float *k = segments->keys + i * segments->key_stride;
            float sum = 0;
            for (size_t d = 0; d < head_dim; d++) sum += row->query[d] * k[d];
            scores[key] = sum * scale + (row->bias ? row->bias[key] : 0);
        }
    }
}

static void mix(const ck_attention_row *row, const ck_segment *segments, size_t head_dim, const float *pattern) {
    memset(row->context, 0, head_dim * sizeof(float));
    for (size_t key = 0; key < row->keys; segments++) {
        for (size_t i = 0; i < segments->count && key < row->keys; i++, key++) {
            const float *v = segments->values + i * segments->value_stride;
            for (size_t d = 0; d < head_dim; d++) row->context[d] += pattern[key] * v[d];
        }
    }
}

void plain_attention(const ck_attention_row *rows, size_t row_count, const ck_segment *segments, size_t segment_count,
                     size_t head_dim, float scale, float *scratch) {
    (void)segment_count;
    for (size_t r = 0; r < row_count; r++) {
        const ck_attention_row *row = rows + r;
        score(row, segments, head_dim, scale, scratch);
        plain_softmax(scratch, row->keys);
        for (size_t i = 0; row->factor && i < row->keys; i++) scratch[i] *= row->factor[i];
        if (row->pattern) memcpy(row->pattern, scratch, row->keys * sizeof(float));
        mix(row, segments, head_dim, scratch);
    }
}
