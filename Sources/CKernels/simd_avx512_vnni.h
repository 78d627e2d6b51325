/// Dot products of integers of AVX-512; included by the files that expand the kernels for processors that have them.
#pragma once

#include "simd_avx512.h"

#define SIMD_QUAD_PRODUCTS 1

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)

/// sum + the products of four unsigned and four signed bytes in each lane.
static inline ivec add_quad_products(ivec sum, ivec weights, ivec activations) {
    return (ivec)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, (__m512i)activations);
}

/// sum + the products of two pairs of signed 16 bits in each lane.
static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    return (ivec)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}

#pragma clang attribute pop
