#if defined(__aarch64__)
#include "simd.h"
#include "simd_neon.h"

#pragma STDC FP_CONTRACT OFF

/// sum + a.low * b.low + a.high * b.high for pairs of signed 16 bits in each lane.
static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
    int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y)), high = vmull_high_s16(x, y);
    return sum + (ivec)vpaddq_s32(low, high);
}

#define SIMD_WORD_PRODUCTS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_neon
#define SIMD_ISA CK_NEON
#define SIMD_NAME "neon"
#include "simd_kernels.h"
#endif
