/// Backward passes of the row kernels and of attention, with respect to their inputs.
///
/// Sums run over sixteen fixed lanes, so every instruction set gives the same bits.
#pragma once

#include "CKernels.h"

/// result += d(rms_norm)/dx applied to `gradient`: with r = 1 / sqrt(mean(x²) + epsilon),
/// r · w · g - x · r³ · sum(w · g · x) / count.
void ck_rms_norm_backward(const float *x, const float *weight, const float *gradient, float epsilon, size_t count,
                          float *result);

/// Gradients of silu(gate) · up. `gate_gradient` may be `gate`, and `up_gradient` may be `up`.
void ck_silu_multiply_backward(const float *gate, const float *up, const float *gradient, size_t count,
                               float *gate_gradient, float *up_gradient);

/// One query row of one head, as in ck_attention_row.
typedef struct {
    const float *query;
    /// Gradient of the row's context, head_dim floats.
    const float *context_gradient;
    /// Written: the gradient of the query.
    float *query_gradient;
    size_t keys;
    /// Added to the scaled scores, one per key. NULL: none.
    const float *bias;
    /// Multiplied with the probabilities, one per key. NULL: none.
    const float *factor;
} ck_attention_backward_row;

/// The keys and values that all rows share and their gradients, which are added to; row i is at keys + i * stride.
typedef struct {
    const float *keys, *values;
    float *key_gradients, *value_gradients;
    size_t stride, gradient_stride;
} ck_attention_backward_keys;

/// Recomputes each row's probabilities and adds to the gradients.
///
/// With `relevance`, one weight per row, also relevance_sums[key] += relevance[row] · max(0, A · dy/dA), where A are
/// the row's final probabilities (Chefer et al. 2021). `scratch`: 2 · the most keys of a row floats.
void ck_attention_backward(const ck_kernels *table, const ck_attention_backward_row *rows, size_t row_count,
                           const ck_attention_backward_keys *keys, size_t head_dim, float scale,
                           const float *relevance, float *relevance_sums, float *scratch);

/// y[c, r] = x[r, c].
void ck_transpose(const float *x, size_t rows, size_t columns, size_t stride, float *y, size_t y_stride);
