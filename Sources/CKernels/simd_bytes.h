// int8 and int4 weights: bytes times bytes, summed in integers; see simd_kernels.h and byte_layout.h.
//
// Weights are unsigned (offset by 128), activations signed, as the instructions want it: a sum starts at minus 128
// times the sum of the row's activations. Integers make the order within a group irrelevant; the groups' sums join a
// float in the order of the groups, so a row's bits depend on nothing else here either.

#include "byte_layout.h"
#include "quantise.h"

typedef uint8_t byte_vec __attribute__((vector_size(lanes * 4)));
typedef uint16_t word_vec __attribute__((vector_size(lanes * 4)));
typedef uint16_t half_vec __attribute__((vector_size(lanes * 2)));

enum {
    group_quads = byte_group / 4,
#if SIMD_QUAD_PRODUCTS
    /// Words that hold four activations: bytes, or pairs of 16 bits, even inputs first.
    quad_words = 1,
#else
    quad_words = 2,
#endif
#if SIMD_QUAD_PRODUCTS && !SIMD_SIGNED_QUADS
    /// Rows of a tile up to which halves are multiplied as they are: decoding them first would cost more than it saves.
    few_byte_rows = lanes == 16 ? 4 : 1,
    /// Those of which the sums of two panels fit the registers: the panels share the broadcasts of activations.
    paired_byte_rows = lanes == 16 ? 2 : 0,
    /// Sub-groups whose first sums are packed with a row's group.
    packed_subgroups = byte_group / byte_subgroup,
#else
    few_byte_rows = 0,
    paired_byte_rows = 0,
    packed_subgroups = 0,
#endif
    /// Words of one row in a group of the packed rows: activations, scale, first sum, first sums of the sub-groups.
    row_group_words = group_quads * quad_words + 2 + packed_subgroups,
};

static inline ivec broadcast_word(int32_t x) { return (ivec)broadcast(float_of_bits((uint32_t)x)); }

#if !SIMD_QUAD_PRODUCTS && !SIMD_WORD_PRODUCTS
/// sum + a.low * b.low + a.high * b.high for pairs of signed 16 bits in each lane.
static inline ivec add_word_products(ivec sum, ivec a, ivec b) {
    return sum + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
}
#endif

/// The packed rows are laid out as
/// [group][tile of rows]{[quad][words of a quad][row]; scales[row]; sums[row]; sums[sub-group][row]}.
static inline size_t packed_tile(size_t rows, size_t group, size_t row) {
    return (group * rows + row) * row_group_words;
}

static void interleave_quads(int8_t (*block)[byte_group], size_t rows, int32_t *words) {
    for (size_t quad = 0; quad < group_quads; quad++, words += rows * quad_words) {
        for (size_t r = 0; r < rows; r++) {
            const int8_t *q = block[r] + quad * 4;
#if SIMD_QUAD_PRODUCTS
            memcpy(words + r, q, 4);
#else
            words[r] = (q[0] & 0xffff) | (int32_t)((uint32_t)q[2] << 16);
            words[rows + r] = (q[1] & 0xffff) | (int32_t)((uint32_t)q[3] << 16);
#endif
        }
    }
}

/// What a sub-group's sum of halves times activations starts at: minus eight times the sum of its activations, and
/// sixteenfold where it is multiplied with high halves.
static inline int32_t first_subsum(const int8_t *q, size_t subgroup) {
    int32_t sum = 0;
    for (size_t i = 0; i < byte_subgroup; i++) sum += q[subgroup * byte_subgroup + i];
    return (subgroup % 2 == 0 ? -8 : -8 * 16) * sum;
}

static void quantise_rows(ck_format format, const float *x, size_t stride, size_t rows, size_t k, size_t begin,
                          size_t end, int32_t *packed) {
    int8_t block[tile_rows][byte_group];
    for (size_t row = begin; row < end; row += tile_rows) {
        size_t count = smaller_size(end - row, tile_rows);
        bool takes_halves = format == CK_INT4_WEIGHTS && count <= few_byte_rows;
        for (size_t group = 0; group < group_count(k); group++) {
            int32_t *tile = packed + packed_tile(rows, group, row), *rest = tile + count * group_quads * quad_words;
            for (size_t r = 0; r < count; r++) {
                int32_t sum;
                const float *values = x + (row + r) * stride + group * byte_group;
                float scale = quantise_row(values, group_inputs(k, group), block[r], &sum);
                memcpy(rest + r, &scale, sizeof scale);
                rest[count + r] = -byte_offset * sum;
                for (size_t i = 0; takes_halves && i < byte_group / byte_subgroup; i++)
                    rest[(2 + i) * count + r] = first_subsum(block[r], i);
            }
            interleave_quads(block, count, tile);
        }
    }
}

/// Adds one group of a[rows] times b[CK_PANEL] to c.
typedef struct {
    /// A tile of the packed rows.
    const int32_t *a;
    /// Quads of unsigned bytes, or halves.
    const uint8_t *b;
    /// Bytes to the same group of the next panel.
    size_t next_panel;
    const uint16_t *scales;
    size_t quads;
    float *c;
    /// What is asked for while this tile is computed, `ahead_step` bytes of each for each quad: the next group, and the one
    /// after that.
    const uint8_t *next, *later;
    size_t ahead_step;
} byte_work;

typedef ivec byte_sums[tile_rows][CK_PANEL / lanes];

static ALWAYS_INLINE void add_quad(byte_sums sums, const int32_t *a, const uint8_t *b, size_t rows, size_t vectors) {
    ivec w[CK_PANEL / lanes];
#if SIMD_QUAD_PRODUCTS
    UNROLLED for (size_t v = 0; v < vectors; v++) memcpy(&w[v], b + v * sizeof(ivec), sizeof(ivec));
    UNROLLED for (size_t r = 0; r < rows; r++) {
        ivec x = broadcast_word(a[r]);
        UNROLLED for (size_t v = 0; v < vectors; v++) sums[r][v] = add_quad_products(sums[r][v], w[v], x);
    }
#else
    UNROLLED for (size_t odd = 0; odd < 2; odd++) {
        // Loaded twice, as far as the compiler knows: keeping both halves would cost registers the sums need.
        __asm__("" : "+r"(b));
        UNROLLED for (size_t v = 0; v < vectors; v++) {
            uvec bytes;
            memcpy(&bytes, b + v * sizeof(uvec), sizeof(uvec));
            w[v] = (ivec)((odd ? bytes >> 8 : bytes) & 0x00ff00ff);
        }
        UNROLLED for (size_t r = 0; r < rows; r++) {
            ivec x = broadcast_word(a[odd * rows + r]);
            UNROLLED for (size_t v = 0; v < vectors; v++) sums[r][v] = add_word_products(sums[r][v], w[v], x);
        }
    }
#endif
}

static inline vec load_scales(const uint16_t *scales) {
    half_vec halves;
    memcpy(&halves, scales, sizeof halves);
    return (vec)(__builtin_convertvector(halves, uvec) << 16);
}

static ALWAYS_INLINE void tile_bytes(const byte_work *t, size_t rows, size_t vectors, bool waits) {
    // A sum's next addition waits for the last one: few sums are each kept in two parts.
    size_t parts = rows * vectors < 8 ? 2 : 1, quads = t->quads;
    const int32_t *a = t->a, *rest = a + rows * group_quads * quad_words;
    const uint8_t *b = t->b, *next = t->next, *later = t->later;
    byte_sums sums[2];
    UNROLLED for (size_t r = 0; r < rows; r++) {
        UNROLLED for (size_t v = 0; v < vectors; v++) {
#if SIMD_SIGNED_QUADS
            sums[0][r][v] = (ivec){0};
#else
            sums[0][r][v] = broadcast_word(rest[rows + r]);
#endif
            if (parts == 2) sums[1][r][v] = (ivec){0};
        }
    }
    for (; quads >= parts; quads -= parts) {
        UNROLLED for (size_t part = 0; part < parts; part++) {
            ask_for(next, later, waits);
            ask_for(next + 64, later + 64, waits);
            add_quad(sums[part], a, b, rows, vectors);
            a += rows * quad_words, b += CK_PANEL * 4, next += t->ahead_step, later += t->ahead_step;
        }
    }
    if (quads) add_quad(sums[0], a, b, rows, vectors);
    vec w[CK_PANEL / lanes];
    UNROLLED for (size_t v = 0; v < vectors; v++) w[v] = load_scales(t->scales + v * lanes);
    UNROLLED for (size_t r = 0; r < rows; r++) {
        vec scale = broadcast(float_of_bits((uint32_t)rest[r]));
        UNROLLED for (size_t v = 0; v < vectors; v++) {
            ivec sum = parts == 2 ? sums[0][r][v] + sums[1][r][v] : sums[0][r][v];
            float *c = t->c + r * CK_PANEL + v * lanes;
            store(c, fused(__builtin_convertvector(sum, vec), w[v] * scale, load(c)));
        }
    }
}

static ALWAYS_INLINE void byte_tile_of(const byte_work *t, size_t rows, bool waits) {
    tile_bytes(t, rows, vectors_of(rows), waits);
}

/// `waits` if this tile alone reads the weights, from memory.
static ALWAYS_INLINE void run_byte_tile(const byte_work *t, size_t rows, bool waits) {
    switch (rows) {
    case 1: byte_tile_of(t, 1, waits); return;
    case 2: byte_tile_of(t, 2, waits); return;
    case 3: byte_tile_of(t, 3, waits); return;
    case 4: byte_tile_of(t, 4, waits); return;
    case 5: byte_tile_of(t, 5, waits); return;
    case 6: byte_tile_of(t, 6, waits); return;
#if SIMD_LARGE_TILES
    case 7: byte_tile_of(t, 7, waits); return;
    case 8: byte_tile_of(t, 8, waits); return;
    case 9: byte_tile_of(t, 9, waits); return;
    case 10: byte_tile_of(t, 10, waits); return;
    case 11: byte_tile_of(t, 11, waits); return;
    case 12: byte_tile_of(t, 12, waits); return;
#endif
    }
}

/// Adds one group of one panel, whose weights are `quads`, to sums[rows][CK_PANEL]. `next` and `later` are the groups that
/// are read after it: each an argument of its own, as a structure that is written in parts and read whole makes the
/// processor wait for all that it has asked memory for.
static void multiply_group(const ck_gemm *g, size_t row_begin, size_t row_end, size_t group, const uint8_t *weights,
                           const uint8_t *next, const uint8_t *later, const uint8_t *quads, float *sums) {
    size_t inputs = group_inputs(g->inputs, group), size = group_size(g->format, inputs);
    size_t tiles = (row_end - row_begin + tile_rows - 1) / tile_rows;
    for (size_t column = 0; column < CK_PANEL; column += pass_columns) {
        for (size_t row = row_begin; row < row_end; row += tile_rows) {
            size_t rows = smaller_size(row_end - row, tile_rows);
            if (!has_pass(rows, column)) continue;
            byte_work work = {
                .a = (const int32_t *)g->packed_rows + packed_tile(g->rows, group, row),
                .b = quads + column * 4,
                .scales = (const uint16_t *)(weights + size - scales_size) + column,
                .quads = (inputs + 3) / 4,
                .c = sums + (row - row_begin) * CK_PANEL + column,
                .next = next,
                .later = later,
                .ahead_step = size / group_quads / tiles,
            };
            if (tiles == 1) run_byte_tile(&work, rows, true);
            else run_byte_tile(&work, rows, false);
            next += work.ahead_step * group_quads;
        }
    }
}
