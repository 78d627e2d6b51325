#include <math.h>

#include "ck_backward.h"

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EVERY_ISA __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EVERY_ISA
#endif
#define INLINED static inline __attribute__((always_inline))

enum { lanes = 16 };

INLINED float sum_of(float *sums) {
    for (size_t half = lanes / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) sums[j] += sums[j + half];
    return sums[0];
}

INLINED float dot(const float *a, const float *b, size_t count) {
    float sums[lanes] = {0};
    size_t i = 0;
    for (; i + lanes <= count; i += lanes)
        for (size_t j = 0; j < lanes; j++) sums[j] += a[i + j] * b[i + j];
    for (size_t j = 0; i + j < count; j++) sums[j] += a[i + j] * b[i + j];
    return sum_of(sums);
}

/// y += factor · x
INLINED void add_scaled(float factor, const float *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += factor * x[i];
}

FOR_EVERY_ISA
void ck_rms_norm_backward(const float *x, const float *weight, const float *gradient, float epsilon, size_t count,
                          float *result) {
    float inverse = 1 / sqrtf(dot(x, x, count) / (float)count + epsilon);
    float sums[lanes] = {0};
    for (size_t i = 0; i < count; i++) sums[i % lanes] += weight[i] * gradient[i] * x[i];
    float shared = inverse * inverse * inverse * (sum_of(sums) / (float)count);
    for (size_t i = 0; i < count; i++) result[i] += inverse * weight[i] * gradient[i] - x[i] * shared;
}

FOR_EVERY_ISA
void ck_silu_multiply_backward(const float *gate, const float *up, const float *gradient, size_t count,
                               float *gate_gradient, float *up_gradient) {
    for (size_t i = 0; i < count; i++) {
        float x = gate[i], sigmoid = 1 / (1 + expf(-x)), u = up[i];
        gate_gradient[i] = gradient[i] * u * sigmoid * (1 + x * (1 - sigmoid));
        up_gradient[i] = gradient[i] * x * sigmoid;
    }
}

INLINED bool all_zero(const float *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (x[i] != 0) return false;
    return true;
}

/// Gradients of one row; `p` and `d` hold a float per key.
INLINED void attention_row(const ck_kernels *table, const ck_attention_backward_row *row,
                           const ck_attention_backward_keys *k, size_t head_dim, float scale, float relevance,
                           float *relevance_sums, float *p, float *d) {
    for (size_t j = 0; j < row->keys; j++) {
        p[j] = scale * dot(row->query, k->keys + j * k->stride, head_dim) + (row->bias ? row->bias[j] : 0);
        d[j] = dot(row->context_gradient, k->values + j * k->stride, head_dim);
    }
    table->softmax(p, row->keys);
    float mean = 0;
    for (size_t j = 0; j < row->keys; j++) {
        float factor = row->factor ? row->factor[j] : 1, last = p[j] * factor;
        if (relevance != 0 && last * d[j] > 0) relevance_sums[j] += relevance * (last * d[j]);
        add_scaled(last, row->context_gradient, head_dim, k->value_gradients + j * k->gradient_stride);
        d[j] *= factor;
        mean += p[j] * d[j];
    }
    for (size_t j = 0; j < row->keys; j++) {
        float score = scale * p[j] * (d[j] - mean);
        add_scaled(score, k->keys + j * k->stride, head_dim, row->query_gradient);
        add_scaled(score, row->query, head_dim, k->key_gradients + j * k->gradient_stride);
    }
}

FOR_EVERY_ISA
void ck_attention_backward(const ck_kernels *table, const ck_attention_backward_row *rows, size_t row_count,
                           const ck_attention_backward_keys *keys, size_t head_dim, float scale,
                           const float *relevance, float *relevance_sums, float *scratch) {
    for (size_t r = 0; r < row_count; r++) {
        const ck_attention_backward_row *row = rows + r;
        for (size_t i = 0; i < head_dim; i++) row->query_gradient[i] = 0;
        // A row that nothing depends on, such as all but the last one of the last block.
        if (all_zero(row->context_gradient, head_dim)) continue;
        attention_row(table, row, keys, head_dim, scale, relevance ? relevance[r] : 0, relevance_sums, scratch,
                      scratch + row->keys);
    }
}

void ck_transpose(const float *x, size_t rows, size_t columns, size_t stride, float *y, size_t y_stride) {
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < rows; r++) y[c * y_stride + r] = x[r * stride + c];
}
