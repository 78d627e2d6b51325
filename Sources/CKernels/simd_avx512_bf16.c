#if defined(__x86_64__)
#include "simd.h"
#include "simd_avx512.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)

/// sum + a.even * b.even + a.odd * b.odd for pairs of bf16 in each lane.
static inline vec add_pair_products(vec sum, ivec a, ivec b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

/// sum + the products of four unsigned and four signed bytes in each lane.
static inline ivec add_quad_products(ivec sum, ivec weights, ivec activations) {
    return (ivec)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, (__m512i)activations);
}

/// sum + the products of two pairs of signed 16 bits in each lane.
static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    return (ivec)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}

#define SIMD_QUAD_PRODUCTS 1
#define SIMD_PAIR_PRODUCTS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_avx512_bf16
#define SIMD_ISA CK_AVX512_BF16
#define SIMD_NAME "avx512-bf16"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
