#if defined(__aarch64__)
#include "simd.h"
#include "simd_neon.h"

#pragma STDC FP_CONTRACT OFF

#define SIMD_WORD_PRODUCTS 1
#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_neon
#define SIMD_ISA CK_NEON
#define SIMD_NAME "neon"
#include "simd_kernels.h"
#endif
