#if defined(__aarch64__)
#include "simd.h"
#include "simd_neon.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

/// sum + the products of four weights, whose offset is taken off, and four signed bytes in each lane.
static inline ivec add_quad_products(ivec sum, ivec weights, ivec activations) {
    int8x16_t centred = (int8x16_t)(weights ^ (int32_t)0x80808080);
    return (ivec)vdotq_s32((int32x4_t)sum, centred, (int8x16_t)activations);
}

#define SIMD_QUAD_PRODUCTS 1
#define SIMD_SIGNED_QUADS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_neon_dot
#define SIMD_ISA CK_NEON_DOT
#define SIMD_NAME "neon-dot"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
