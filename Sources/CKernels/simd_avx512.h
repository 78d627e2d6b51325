/// The vector type of AVX-512; included by the files that expand the kernels for it.
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define SIMD_SCALES_BY_POWERS 1

enum { lanes = 16, tile_rows = 12 };
typedef __m512 vec;
typedef int32_t ivec __attribute__((vector_size(64)));
typedef uint32_t uvec __attribute__((vector_size(64)));

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), \
                             apply_to = function)

static inline __mmask16 first_lanes(size_t n) { return (__mmask16)((1u << n) - 1); }
static inline vec load_first(const float *x, size_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), x); }
static inline void store_first(float *x, vec v, size_t n) { _mm512_mask_storeu_ps(x, first_lanes(n), v); }
static inline vec broadcast(float x) { return _mm512_set1_ps(x); }
/// b where either is NaN.
static inline vec larger(vec a, vec b) { return _mm512_max_ps(a, b); }
/// b where either is NaN.
static inline vec smaller(vec a, vec b) { return _mm512_min_ps(a, b); }
/// p * 2^n for a whole n, rounded once.
static inline vec times_power_of_two(vec p, vec n) { return _mm512_scalef_ps(p, n); }
static inline vec of_halves(const uint16_t *x) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x)); }
static inline void to_halves(vec v, uint16_t *x) {
    _mm256_storeu_si256((__m256i *)x, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

#pragma clang attribute pop
