#if defined(__aarch64__)
#include "simd.h"
#include "simd_neon.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("bf16,dotprod,i8mm"))), apply_to = function)

/// sum + a.even * b.even + a.odd * b.odd for pairs of bf16 in each lane.
static inline vec add_pair_products(vec sum, ivec a, ivec b) {
    return (vec)vbfdotq_f32((float32x4_t)sum, (bfloat16x8_t)a, (bfloat16x8_t)b);
}

/// sum + the products of four unsigned and four signed bytes in each lane.
static inline ivec add_quad_products(ivec sum, ivec weights, ivec activations) {
    return (ivec)vusdotq_s32((int32x4_t)sum, (uint8x16_t)weights, (int8x16_t)activations);
}

#define SIMD_PAIR_PRODUCTS 1
#define SIMD_QUAD_PRODUCTS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_neon_bf16
#define SIMD_ISA CK_NEON_BF16
#define SIMD_NAME "neon-bf16"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
