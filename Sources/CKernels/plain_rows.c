#include <math.h>

#include "plain.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

void plain_rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y) {
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)x[i] * x[i];
    float inverse = 1 / sqrtf((float)(squares / (double)count) + epsilon);
    for (size_t i = 0; i < count; i++) y[i] = x[i] * inverse * weight[i];
}

void plain_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count, float *y) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) sum += x[i];
    float mean = (float)(sum / (double)count);
    for (size_t i = 0; i < count; i++) squares += (double)(x[i] - mean) * (x[i] - mean);
    float inverse = 1 / sqrtf((float)(squares / (double)count) + epsilon);
    for (size_t i = 0; i < count; i++) y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
}

void plain_rotary(float *x, const float *cosines, const float *sines, size_t head_dim) {
    size_t half = head_dim / 2;
    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a * cosines[i] - b * sines[i];
        x[i + half] = b * cosines[i] + a * sines[i];
    }
}

static float activated(float x, ck_activation activation) {
    switch (activation) {
    case CK_NONE: return x;
    case CK_GELU: return 0.5f * x * erfcf(-x * 0.70710678f);
    case CK_GELU_TANH: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case CK_QUICK_GELU: return x / (1 + expf(-1.702f * x));
    case CK_SILU: return x / (1 + expf(-x));
    case CK_RELU: return x < 0 ? 0 : x;
    }
}

void plain_silu_multiply(const float *gate, const float *up, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = activated(gate[i], CK_SILU) * up[i];
}

void plain_activate(float *x, size_t count, ck_activation activation) {
    if (activation == CK_NONE) return;
    for (size_t i = 0; i < count; i++) x[i] = activated(x[i], activation);
}

void plain_add(const float *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

void plain_softmax(float *x, size_t count) {
    float largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    for (size_t i = 0; i < count; i++) {
        // With every key removed there is nothing to subtract from: -inf - -inf would be NaN.
        x[i] = x[i] == -INFINITY ? 0 : expf(x[i] - largest);
        sum += x[i];
    }
    if (sum == 0) return;
    for (size_t i = 0; i < count; i++) x[i] /= sum;
}

double plain_log_softmax(const float *x, size_t count, float *y) {
    float largest = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    for (size_t i = 0; i < count; i++) sum += exp((double)x[i] - largest);
    double offset = largest, shift = log(sum);
    for (size_t i = 0; i < count; i++) y[i] = (float)(x[i] - offset - shift);
    return offset + shift;
}

void plain_f32_from_f16(const uint16_t *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = float_of_f16(x[i]);
}

void plain_f32_from_bf16(const uint16_t *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = float_of_bf16(x[i]);
}

void plain_f16_from_f32(const float *x, size_t count, uint16_t *y) {
    for (size_t i = 0; i < count; i++) y[i] = f16_of_float(x[i]);
}

void plain_bf16_from_f32(const float *x, size_t count, uint16_t *y) {
    for (size_t i = 0; i < count; i++) y[i] = bf16_of_float(x[i]);
}
