#include <string.h>

#include "plain.h"
#include "key_values.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

static float rounded(ck_type format, float x) { return format == CK_BF16 ? float_of_bf16(bf16_of_float(x)) : x; }

static void score(ck_type format, const ck_attention_row *row, const ck_segment *segments, size_t head_dim,
                  float scale, float *scores, float *key) {
    for (size_t position = 0; position < row->keys; segments++) {
        for (size_t i = 0; i < segments->count && position < row->keys; i++, position++) {
            ck_load_key(format, segments->keys, i, head_dim, key);
            float sum = 0;
            for (size_t d = 0; d < head_dim; d++) sum += rounded(format, row->query[d]) * key[d];
            scores[position] = sum * scale + (row->bias ? row->bias[position] : 0);
        }
    }
}

static void mix(ck_type format, const ck_attention_row *row, const ck_segment *segments, size_t head_dim,
                const float *pattern, float *value) {
    memset(row->context, 0, head_dim * sizeof(float));
    for (size_t position = 0; position < row->keys; segments++) {
        for (size_t i = 0; i < segments->count && position < row->keys; i++, position++) {
            ck_load_value(format, segments->values, i, head_dim, value);
            for (size_t d = 0; d < head_dim; d++) row->context[d] += rounded(format, pattern[position]) * value[d];
        }
    }
}

void plain_attention(ck_type format, const ck_attention_row *rows, size_t row_count, const ck_segment *segments,
                     size_t segment_count, size_t head_dim, float scale, float *scratch) {
    (void)segment_count;
    float *scores = scratch + value_width(head_dim);
    for (size_t r = 0; r < row_count; r++) {
        const ck_attention_row *row = rows + r;
        score(format, row, segments, head_dim, scale, scores, scratch);
        plain_softmax(scores, row->keys);
        for (size_t i = 0; row->factor && i < row->keys; i++) scores[i] *= row->factor[i];
        if (row->pattern) memcpy(row->pattern, scores, row->keys * sizeof(float));
        mix(format, row, segments, head_dim, scores, scratch);
    }
}
