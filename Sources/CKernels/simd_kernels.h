// One expansion of all vector kernels. The including file defines, under its target attribute:
//   lanes, tile_rows        floats a vector; rows of the largest register tile
//   vec, ivec, uvec         vectors of float, int32_t, uint32_t
//   load_first, store_first, broadcast, larger, smaller, of_halves, to_halves
//   SIMD_SCALES_BY_POWERS   optional: times_power_of_two exists
//   SIMD_PAIR_PRODUCTS      optional: add_pair_products exists (bf16 dot products in hardware)
//   SIMD_QUAD_PRODUCTS      optional: add_quad_products exists (dot products of bytes in hardware)
//   SIMD_SIGNED_QUADS       optional: add_quad_products takes the offset off the weights
//   SIMD_WORD_PRODUCTS      optional: add_word_products exists (of pairs of 16 bits), used without quads; with
//                           add_quad_products of unsigned weights it must exist
//   SIMD_TABLE, SIMD_ISA, SIMD_NAME
// No include guards: each instruction set is a translation unit of its own.

#include "simd_math.h"
#include "simd_rows.h"
#include "simd_tile.h"
#include "simd_bytes.h"
#include "simd_int4.h"
#include "simd_gemm.h"
#include "simd_key_values.h"
#include "simd_attention.h"

const ck_kernels SIMD_TABLE = {
    .isa = SIMD_ISA,
    .name = SIMD_NAME,
    .pack_rows = pack_rows,
    .gemm = gemm,
    .attention = attention,
    .store_keys = store_keys,
    .store_values = store_values,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .rotary = rotary,
    .silu_multiply = silu_multiply,
    .activate = activate,
    .add = add,
    .softmax = softmax,
    .log_softmax = log_softmax,
    .f32_from_f16 = f32_from_f16,
    .f32_from_bf16 = f32_from_bf16,
    .f16_from_f32 = f16_from_f32,
    .bf16_from_f32 = bf16_from_f32,
};
