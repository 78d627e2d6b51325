#if defined(__x86_64__)
#include "simd.h"
#include "simd_avx512.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), \
                             apply_to = function)

static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    return sum + (ivec)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}

#define SIMD_WORD_PRODUCTS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_avx512
#define SIMD_ISA CK_AVX512
#define SIMD_NAME "avx512"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
