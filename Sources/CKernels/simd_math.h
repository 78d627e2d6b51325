// Vector arithmetic in terms of the including file's vec; see simd_kernels.h.

#include <math.h>
#include <string.h>

#include "blocking.h"
#include "scalar.h"

static inline size_t smaller_size(size_t a, size_t b) { return a < b ? a : b; }

static inline vec load(const float *x) {
    vec v;
    memcpy(&v, x, sizeof v);
    return v;
}

static inline void store(float *x, vec v) { memcpy(x, &v, sizeof v); }

static inline vec fused(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }

/// a where the mask is set, otherwise b.
static inline vec choose(ivec mask, vec a, vec b) { return (vec)(((ivec)a & mask) | ((ivec)b & ~mask)); }

/// Sum of the lanes, halving: a fixed order.
static inline float sum_lanes(vec v) {
    float x[lanes];
    store(x, v);
    for (size_t width = lanes / 2; width; width /= 2)
        for (size_t i = 0; i < width; i++) x[i] += x[i + width];
    return x[0];
}

static inline float largest_lane(vec v) {
    float x[lanes];
    store(x, v);
    for (size_t i = 1; i < lanes; i++) x[0] = x[i] > x[0] ? x[i] : x[0];
    return x[0];
}

#if !SIMD_SCALES_BY_POWERS
/// p * 2^n for a whole n, rounded once.
static inline vec times_power_of_two(vec p, vec n) {
    // In two factors, since n itself may lie outside the exponents of normal numbers.
    ivec whole = __builtin_convertvector(n, ivec), half = whole >> 1;
    return p * (vec)((half + 127) << 23) * (vec)((whole - half + 127) << 23);
}
#endif

/// exp(x) within 2 ulp, 0 for -INFINITY, subnormal results and overflow included.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by a polynomial of degree 6 (near-minimax fit, relative error 4e-9).
static inline vec exponential(vec x) {
    // Beyond these the result is 0 or infinity in f32; the bound comes first so that a NaN passes.
    x = smaller(broadcast(89.0f), larger(broadcast(-104.5f), x));
    vec n = __builtin_elementwise_roundeven(x * 1.44269504f);
    vec r = fused(n, broadcast(-0.693145752f), x);
    r = fused(n, broadcast(-1.42860677e-6f), r);
    vec p = broadcast(0.001381166f);
    p = fused(p, r, broadcast(0.008370135f));
    p = fused(p, r, broadcast(0.041668527f));
    p = fused(p, r, broadcast(0.16666509f));
    p = fused(p, r, broadcast(0.49999994f));
    p = fused(p, r * r, r) + 1.0f;
    return times_power_of_two(p, n);
}

static inline vec sigmoid(vec x) { return 1.0f / (1.0f + exponential(-x)); }

/// x * Phi(x), from erfc(z) = exp(-z²) * t * P(t) with t = 1 / (1 + 0.3275911 z), the form of Abramowitz and Stegun
/// 7.1.26 with a polynomial of higher degree fitted for a relative error of 1.4e-7 on 0 <= z <= 10.
static inline vec gelu(vec x) {
    vec z = x * 0.70710678f;
    z = choose(z < 0, -z, z);
    vec t = 1.0f / fused(z, broadcast(0.3275911f), broadcast(1.0f));
    vec p = broadcast(-0.14064723f);
    p = fused(p, t, broadcast(0.49450988f));
    p = fused(p, t, broadcast(-0.40177813f));
    p = fused(p, t, broadcast(0.44902420f));
    p = fused(p, t, broadcast(0.027929386f));
    p = fused(p, t, broadcast(0.20503482f));
    p = fused(p, t, broadcast(0.18088597f));
    p = fused(p, t, broadcast(0.18504123f));
    vec tail = 0.5f * p * t * exponential(-z * z);
    return x * choose(x < 0, tail, 1.0f - tail);
}

static inline vec gelu_tanh(vec x) {
    // 0.5 (1 + tanh u) = sigmoid(2u)
    vec u = 0.79788456f * fused(0.044715f * x * x, x, x);
    return x * sigmoid(2.0f * u);
}

static inline vec activated(vec x, ck_activation activation) {
    switch (activation) {
    case CK_NONE: return x;
    case CK_GELU: return gelu(x);
    case CK_GELU_TANH: return gelu_tanh(x);
    case CK_QUICK_GELU: return x * sigmoid(1.702f * x);
    case CK_SILU: return x * sigmoid(x);
    case CK_RELU: return choose(x < 0, (vec){0}, x);
    }
}

/// bf16 bits of each lane in its upper half, nearest even; a NaN stays a NaN.
static inline ivec rounded_to_bf16(vec x) {
    uvec bits = (uvec)x;
    uvec rounded = bits + 0x7fff + ((bits >> 16) & 1);
    uvec quiet = bits | 0x400000;
    ivec is_nan = x != x;
    return (ivec)(((quiet & (uvec)is_nan) | (rounded & ~(uvec)is_nan)) & 0xffff0000);
}

typedef uint16_t halves __attribute__((vector_size(sizeof(vec) / 2)));

static inline void store_bf16(void *x, vec v) {
    halves bits = __builtin_convertvector((uvec)rounded_to_bf16(v) >> 16, halves);
    memcpy(x, &bits, sizeof bits);
}
