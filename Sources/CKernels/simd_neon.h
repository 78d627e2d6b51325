/// The vector type of NEON; included by the files that expand the kernels for it.
#pragma once

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { lanes = 4, tile_rows = 12 };
typedef float vec __attribute__((vector_size(16)));
typedef int32_t ivec __attribute__((vector_size(16)));
typedef uint32_t uvec __attribute__((vector_size(16)));

static inline vec load_first(const float *x, size_t n) {
    vec v = {0};
    for (size_t i = 0; i < n; i++) v[i] = x[i];
    return v;
}
static inline void store_first(float *x, vec v, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = v[i];
}
static inline vec broadcast(float x) { return (vec)vdupq_n_f32(x); }
/// b where either is NaN.
static inline vec larger(vec a, vec b) {
    return (vec)vbslq_f32(vcgtq_f32((float32x4_t)a, (float32x4_t)b), (float32x4_t)a, (float32x4_t)b);
}
/// b where either is NaN.
static inline vec smaller(vec a, vec b) {
    return (vec)vbslq_f32(vcltq_f32((float32x4_t)a, (float32x4_t)b), (float32x4_t)a, (float32x4_t)b);
}
static inline vec of_halves(const uint16_t *x) { return (vec)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x))); }
static inline void to_halves(vec v, uint16_t *x) { vst1_u16(x, vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)v))); }

/// sum + a.low * b.low + a.high * b.high for pairs of signed 16 bits in each lane.
static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
    int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y)), high = vmull_high_s16(x, y);
    return sum + (ivec)vpaddq_s32(low, high);
}
