#if defined(__x86_64__)
#include "simd.h"
#include "simd_avx512_vnni.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)

/// sum + a.even * b.even + a.odd * b.odd for pairs of bf16 in each lane.
static inline vec add_pair_products(vec sum, ivec a, ivec b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

#define SIMD_PAIR_PRODUCTS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_avx512_bf16
#define SIMD_ISA CK_AVX512_BF16
#define SIMD_NAME "avx512-bf16"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
