/// Tables of the vector kernels. Each is one expansion of simd_*.h over the vector type of its instruction set.
#pragma once

#include "CKernels.h"

#if defined(__x86_64__)
extern const ck_kernels simd_avx2, simd_avx_vnni, simd_avx512, simd_avx512_vnni, simd_avx512_bf16;
#elif defined(__aarch64__)
extern const ck_kernels simd_neon, simd_neon_dot, simd_neon_bf16;
#endif
