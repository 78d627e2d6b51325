#if defined(__x86_64__)
#include "simd.h"
#include "simd_avx512_vnni.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#define SIMD_LARGE_TILES 1
#define SIMD_TABLE simd_avx512_vnni
#define SIMD_ISA CK_AVX512_VNNI
#define SIMD_NAME "avx512-vnni"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
