#if defined(__x86_64__)
#include "simd.h"
#include "simd_avx2.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avxvnni,avx2,fma,f16c"))), apply_to = function)

/// sum + the products of four unsigned and four signed bytes in each lane.
static inline ivec add_quad_products(ivec sum, ivec weights, ivec activations) {
    return (ivec)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)weights, (__m256i)activations);
}

/// sum + the products of two pairs of signed 16 bits in each lane.
static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    return (ivec)_mm256_dpwssd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)b);
}

#define SIMD_QUAD_PRODUCTS 1
#define SIMD_TABLE simd_avx_vnni
#define SIMD_ISA CK_AVX_VNNI
#define SIMD_NAME "avx-vnni"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
