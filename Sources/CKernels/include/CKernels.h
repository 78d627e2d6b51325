/// Numeric kernels: one table of functions per instruction set, chosen once by cpuid.
///
/// Every kernel is batch invariant, bit for bit: a row's result depends on that row and on the weights alone,
/// never on the other rows, the blocking, or the number of threads. Each output is therefore one chain of
/// additions over k = 0 … K-1 (matrix products) or over key 0 … n-1 (attention), whatever the shape.
/// Strides and counts are in elements. Lengths are never required to be multiples of anything.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ck_peak.h"

typedef enum {
    CK_PLAIN,
    CK_AVX2,
    CK_AVX_VNNI,
    CK_AVX512,
    CK_AVX512_VNNI,
    CK_AVX512_BF16,
    CK_NEON,
    CK_NEON_DOT,
    CK_NEON_BF16,
    CK_ISA_COUNT
} ck_isa;

/// Element types of stored tensors.
typedef enum { CK_F32, CK_F16, CK_BF16 } ck_type;

/// Formats of packed weights.
typedef enum { CK_F32_WEIGHTS, CK_BF16_WEIGHTS, CK_INT8_WEIGHTS, CK_INT4_WEIGHTS } ck_format;

typedef enum { CK_NONE, CK_GELU, CK_GELU_TANH, CK_QUICK_GELU, CK_SILU, CK_RELU } ck_activation;

/// What becomes of the numbers that a product's outputs are written to.
typedef enum { CK_REPLACE, CK_ADD, CK_MULTIPLY } ck_combination;

enum {
    /// Output columns of one packed weight panel.
    CK_PANEL = 32,
    /// Rows a GEMM task should span at most: they share one pass over the weights.
    CK_ROW_BLOCK = 96,
    /// Panels a GEMM task of several row blocks should span at most: they share one slice of the packed rows while it is in
    /// the second cache.
    CK_PANEL_GROUP = 8,
    /// Panels that few rows read side by side, at most: a GEMM task of few rows should span a multiple of it. Not more
    /// than CK_PANEL_GROUP.
    CK_PANEL_RUN = 4,
    /// Rows packed together by every table; divides CK_ROW_BLOCK.
    CK_ROW_TILE = 12,
    /// Rows an attention call should span at most.
    CK_ATTENTION_ROWS = 48,
};

/// y[r, n] = activation(sum over k of x[r, k] * w[n, k] + bias[n]), or the old y[r, n] plus or times that.
///
/// With bf16 weights the activations are rounded to bfloat16 (nearest even), products are exact and sums are f32.
/// With int8 and int4 weights each group of 128 activations of a row is rounded to bytes; a group's products and sums
/// are exact integers, and groups are added in order, scaled, by fused multiply-adds in f32: all tables give the same
/// bits (an activation function apart). Not a finite number in a group of activations or weights makes every output
/// that it takes part in NaN; a group below 2^-100 counts as zeros.
typedef struct {
    size_t rows, inputs, outputs;
    ck_format format;
    /// Written by `pack_rows` of the same table for all `rows`.
    const void *packed_rows;
    /// ceil(outputs / CK_PANEL) panels written by `ck_pack_panel`.
    const void *panels;
    /// `outputs` floats, or NULL.
    const float *bias;
    ck_activation activation;
    ck_combination combination;
    float *y;
    size_t y_stride;
} ck_gemm;

/// A run of consecutive positions of one key-value head, as `store_keys` and `store_values` write them. All segments
/// of a sequence but the last hold a multiple of CK_PANEL positions.
typedef struct {
    const void *keys, *values;
    size_t count;
} ck_segment;

/// One query row of one head.
typedef struct {
    const float *query;
    float *context;
    /// The row sees the first `keys` keys of the segments.
    size_t keys;
    /// Added to the scaled scores, one per key; -INFINITY removes the edge. NULL: none.
    const float *bias;
    /// Multiplied with the probabilities, one per key. NULL: none.
    const float *factor;
    /// Receives `keys` probabilities, after `factor`. NULL: not wanted.
    float *pattern;
} ck_attention_row;

/// Immutable functions without state, so any thread may hold them.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    ck_isa isa;
    const char *name;

    /// Packs rows [begin, end) of x into `packed`, which holds all `rows` (see ck_packed_rows_size).
    /// `begin` must be a multiple of CK_ROW_TILE and `end` too unless it is `rows`.
    void (*pack_rows)(ck_format format, const float *x, size_t stride, size_t rows, size_t k, size_t begin, size_t end,
                      void *packed);
    /// Computes rows [row_begin, row_end) of panels [panel_begin, panel_end), at most CK_ROW_BLOCK rows, with
    /// `row_begin` a multiple of CK_ROW_BLOCK. `scratch`: ck_gemm_scratch_size() bytes, 64-byte aligned.
    void (*gemm)(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                 float *scratch);

    /// context = softmax(scale * q·k + bias) * factor · v for rows that share keys and values stored in `format`.
    /// In CK_BF16 queries and probabilities are rounded to bfloat16 (nearest even) before they are multiplied;
    /// products are exact, sums f32, and reported patterns unrounded. A row with no visible or only removed keys gives
    /// zeros. `scratch`: ck_attention_scratch_size(…) bytes.
    void (*attention)(ck_type format, const ck_attention_row *rows, size_t row_count, const ck_segment *segments,
                      size_t segment_count, size_t head_dim, float scale, float *scratch);
    /// Writes `count` rows of one head as the keys of positions first, first + 1, … of a segment.
    void (*store_keys)(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                       void *keys);
    /// Writes `count` rows of one head as the values of positions first, first + 1, … of a segment, in order: those
    /// of later positions are lost.
    void (*store_values)(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                         void *values);

    /// y = x / sqrt(mean(x²) + epsilon) * weight. y may be x.
    void (*rms_norm)(const float *x, const float *weight, float epsilon, size_t count, float *y);
    /// y = (x - mean) / sqrt(variance + epsilon) * weight + bias. y may be x.
    void (*layer_norm)(const float *x, const float *weight, const float *bias, float epsilon, size_t count,
                       float *y);
    /// Rotates the pairs (i, i + head_dim / 2) of one head in place by the angles whose cosines and sines are given
    /// (head_dim / 2 each).
    void (*rotary)(float *x, const float *cosines, const float *sines, size_t head_dim);
    /// y = silu(gate) * up. y may be gate or up.
    void (*silu_multiply)(const float *gate, const float *up, size_t count, float *y);
    /// x = activation(x)
    void (*activate)(float *x, size_t count, ck_activation activation);
    /// y += x
    void (*add)(const float *x, size_t count, float *y);
    /// Softmax in place; all -INFINITY gives zeros.
    void (*softmax)(float *x, size_t count);
    /// y = x - log(sum of exp(x)), and returns that logarithm; the sum is of f64. y may be x. NaN without a largest
    /// number.
    double (*log_softmax)(const float *x, size_t count, float *y);

    void (*f32_from_f16)(const uint16_t *x, size_t count, float *y);
    void (*f32_from_bf16)(const uint16_t *x, size_t count, float *y);
    /// Nearest even; a NaN stays a NaN.
    void (*f16_from_f32)(const float *x, size_t count, uint16_t *y);
    /// Nearest even; a NaN stays a NaN.
    void (*bf16_from_f32)(const float *x, size_t count, uint16_t *y);
} ck_kernels;

/// The kernels of an instruction set, or NULL if this processor lacks it.
const ck_kernels *ck_table(ck_isa isa);
/// The best supported table.
const ck_kernels *ck_best(void);

/// Bytes of one packed panel of `k` inputs.
size_t ck_panel_size(ck_format format, size_t k);
/// Bytes `pack_rows` needs for all rows.
size_t ck_packed_rows_size(ck_format format, size_t rows, size_t k);
size_t ck_gemm_scratch_size(void);
/// Bytes of the keys of `positions` positions of one head: panels of CK_PANEL positions, f32 as [head_dim][32], bf16 as
/// [head_dim/2][32][2].
size_t ck_keys_size(ck_type format, size_t positions, size_t head_dim);
/// Bytes of the values of `positions` positions of one head: f32 as [position][width], bf16 as [position/2][width][2],
/// where width is head_dim rounded up to CK_PANEL.
size_t ck_values_size(ck_type format, size_t positions, size_t head_dim);
/// Reads the key, or the value, of one position.
void ck_load_key(ck_type format, const void *keys, size_t position, size_t head_dim, float *y);
void ck_load_value(ck_type format, const void *values, size_t position, size_t head_dim, float *y);
/// Bytes of scratch for `row_count` rows that see at most `keys` keys.
size_t ck_attention_scratch_size(size_t row_count, size_t keys, size_t head_dim);

/// Packs up to CK_PANEL weight rows of `k` elements, rows[i] of type types[i], as one panel: f32 as [k][32];
/// bf16 as [k/2][32][2]; int8 and int4 as byte_layout.h says. Missing columns and inputs are zero. The layout is the
/// same for every table.
void ck_pack_panel(const ck_kernels *table, const void *const *rows, const ck_type *types, size_t row_count, size_t k,
                   ck_format format, void *panel);

/// Processors this thread may run on (sched_getaffinity), at least 1.
size_t ck_affinity_count(void);

/// Asks for the cache line at `address` to come to the second cache; the address may be anything.
static inline void ck_read_ahead(const void *address) { __builtin_prefetch(address, 0, 2); }

/// Tells the processor that this is a spin loop.
static inline void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#include "ck_backward.h"
