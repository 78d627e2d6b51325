/// The vector type of AVX2; included by the files that expand the kernels for it.
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { lanes = 8, tile_rows = 6 };
typedef __m256 vec;
typedef int32_t ivec __attribute__((vector_size(32)));
typedef uint32_t uvec __attribute__((vector_size(32)));

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

/// All ones in the first `n` lanes.
static inline __m256i first_lanes(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vec load_first(const float *x, size_t n) { return _mm256_maskload_ps(x, first_lanes(n)); }
static inline void store_first(float *x, vec v, size_t n) { _mm256_maskstore_ps(x, first_lanes(n), v); }
static inline vec broadcast(float x) { return _mm256_set1_ps(x); }
/// b where either is NaN.
static inline vec larger(vec a, vec b) { return _mm256_max_ps(a, b); }
/// b where either is NaN.
static inline vec smaller(vec a, vec b) { return _mm256_min_ps(a, b); }
static inline vec of_halves(const uint16_t *x) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x)); }
static inline void to_halves(vec v, uint16_t *x) {
    _mm_storeu_si128((__m128i *)x, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

#pragma clang attribute pop
