#include "plain.h"
#include "simd.h"

static const ck_kernels plain = {
    .isa = CK_PLAIN,
    .name = "plain",
    .pack_rows = plain_pack_rows,
    .gemm = plain_gemm,
    .attention = plain_attention,
    .store_keys = plain_store_keys,
    .store_values = plain_store_values,
    .rms_norm = plain_rms_norm,
    .layer_norm = plain_layer_norm,
    .rotary = plain_rotary,
    .silu_multiply = plain_silu_multiply,
    .activate = plain_activate,
    .add = plain_add,
    .softmax = plain_softmax,
    .log_softmax = plain_log_softmax,
    .f32_from_f16 = plain_f32_from_f16,
    .f32_from_bf16 = plain_f32_from_bf16,
    .f16_from_f32 = plain_f16_from_f32,
    .bf16_from_f32 = plain_bf16_from_f32,
};

#if defined(__x86_64__)
static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static bool has_avx512_vnni(void) { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }

/// Intel's processors take two cycles for the pairs of bf16 that AMD's multiply in one: slower than f32.
static bool has_fast_pairs(void) { return __builtin_cpu_supports("avx512bf16") && !__builtin_cpu_is("intel"); }

const ck_kernels *ck_table(ck_isa isa) {
    __builtin_cpu_init();
    switch (isa) {
    case CK_PLAIN: return &plain;
    case CK_AVX2: return has_avx2() ? &simd_avx2 : NULL;
    case CK_AVX_VNNI: return has_avx2() && __builtin_cpu_supports("avxvnni") ? &simd_avx_vnni : NULL;
    case CK_AVX512: return has_avx512() ? &simd_avx512 : NULL;
    case CK_AVX512_VNNI: return has_avx512_vnni() ? &simd_avx512_vnni : NULL;
    case CK_AVX512_BF16: return has_avx512_vnni() && __builtin_cpu_supports("avx512bf16") ? &simd_avx512_bf16 : NULL;
    default: return NULL;
    }
}
#elif defined(__aarch64__)
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

static bool has_dot(void) { return getauxval(AT_HWCAP) & HWCAP_ASIMDDP; }
static bool has_bf16(void) {
    unsigned long more = getauxval(AT_HWCAP2);
    return has_dot() && more & HWCAP2_BF16 && more & HWCAP2_I8MM;
}
#else
static bool has_dot(void) { return false; }
static bool has_bf16(void) { return false; }
#endif

const ck_kernels *ck_table(ck_isa isa) {
    switch (isa) {
    case CK_PLAIN: return &plain;
    case CK_NEON: return &simd_neon;
    case CK_NEON_DOT: return has_dot() ? &simd_neon_dot : NULL;
    case CK_NEON_BF16: return has_bf16() ? &simd_neon_bf16 : NULL;
    default: return NULL;
    }
}
#else
const ck_kernels *ck_table(ck_isa isa) { return isa == CK_PLAIN ? &plain : NULL; }
#endif

#if !defined(__x86_64__)
static bool has_fast_pairs(void) { return false; }
#endif

const ck_kernels *ck_best(void) {
    for (int isa = CK_ISA_COUNT - 1; isa > CK_PLAIN; isa--) {
        const ck_kernels *table = ck_table((ck_isa)isa);
        if (table && (isa != CK_AVX512_BF16 || has_fast_pairs())) return table;
    }
    return &plain;
}
