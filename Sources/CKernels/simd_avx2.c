#if defined(__x86_64__)
#include "simd.h"
#include "simd_avx2.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    return sum + (ivec)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}

#define SIMD_WORD_PRODUCTS 1
#define SIMD_TABLE simd_avx2
#define SIMD_ISA CK_AVX2
#define SIMD_NAME "avx2"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
