// int4 weights, by way of int8 or, for few rows, as they are; see simd_bytes.h.

/// sub-scale * half + 128 - 8 * sub-scale in every byte: nothing carries, as 15 * 15 fits a byte.
static inline void decode_halves(ivec halves, ivec subscale, uint8_t *bytes) {
    ivec offsets = (byte_offset - 8 * subscale) * 0x01010101;
    word_vec products = (word_vec)(halves & 0x0f0f0f0f) * (word_vec)(subscale | subscale << 16);
    byte_vec decoded = (byte_vec)products + (byte_vec)offsets;
    memcpy(bytes, &decoded, sizeof decoded);
}

/// Quads of a group of int4 weights.
static void decode_group(const uint8_t *group, size_t inputs, uint8_t *quads) {
    const uint8_t *subscales = group + group_weights_size(CK_INT4_WEIGHTS, inputs);
    size_t word = CK_PANEL * 4, words = half_words(inputs);
    for (size_t v = 0; v < CK_PANEL / lanes; v++) {
        half_vec packed;
        memcpy(&packed, subscales + v * sizeof packed, sizeof packed);
        ivec all = __builtin_convertvector(packed, ivec);
        for (size_t first = 0; first < words; first += subgroup_quads, all >>= 8) {
            for (size_t i = first; i < smaller_size(first + subgroup_quads, words); i++) {
                ivec halves;
                memcpy(&halves, group + i * word + v * sizeof halves, sizeof halves);
                uint8_t *quad = quads + (first + i) * word + v * sizeof halves;
                decode_halves(halves, all & 15, quad);
                decode_halves((ivec)((uvec)halves >> 4), all >> 4 & 15, quad + subgroup_quads * word);
            }
        }
    }
}

#if SIMD_QUAD_PRODUCTS && !SIMD_SIGNED_QUADS
typedef ivec half_sums[tile_rows][2 * panel_vectors];

/// The sub-scales of sub-groups `first` and `first + 1`, in 16 bits each.
static inline ivec subscale_pairs(const uint8_t *subscales, size_t first) {
    half_vec packed;
    memcpy(&packed, subscales, sizeof packed);
    ivec all = __builtin_convertvector(packed, ivec) >> (int32_t)(4 * first);
    return (all | all << 12) & 0x000f000f;
}

/// Bytes from a place in the first panel to the same place in that of vector v, and the vector's first column there.
static ALWAYS_INLINE size_t panel_of(const byte_work *t, size_t v) { return v / panel_vectors * t->next_panel; }
static ALWAYS_INLINE size_t column_of(size_t v) { return v % panel_vectors * lanes; }

/// Asks for the lines that lie in the next groups where the lines of these vectors lie in this one.
static ALWAYS_INLINE void ask_for_lines(const byte_work *t, size_t offset, size_t vectors) {
    UNROLLED for (size_t v = 0; v < vectors; v += 64 / sizeof(ivec)) {
        size_t line = offset + panel_of(t, v) + column_of(v) * 4;
        ask_for(t->next + line, t->later + line, true);
    }
}

/// Adds one group of a[rows] times int4 weights to c: for each sub-group the sum of (half - 8) * a, times the sub-scale.
/// The integers are those of the decoded bytes. High halves are multiplied where they are, sixteenfold. Sums of a
/// sub-group fit 16 bits, as 32 * 8 * 127 does, so those of the low and of the high halves are scaled as a pair.
static ALWAYS_INLINE void tile_halves(const byte_work *t, size_t rows, size_t panels) {
    half_sums totals, low, high;
    size_t vectors = panels * panel_vectors, word = CK_PANEL * 4, words = half_words(t->quads * 4);
    const uint8_t *subscales = t->b + words * word;
    const int32_t *a = t->a, *rest = a + rows * group_quads, *first_sums = rest + 2 * rows;
    UNROLLED for (size_t r = 0; r < rows; r++)
        UNROLLED for (size_t v = 0; v < vectors; v++) totals[r][v] = (ivec){0};
    for (size_t first = 0; first < words; first += subgroup_quads) {
        UNROLLED for (size_t r = 0; r < rows; r++) {
            UNROLLED for (size_t v = 0; v < vectors; v++) {
                low[r][v] = broadcast_word(first_sums[r]);
                high[r][v] = broadcast_word(first_sums[rows + r]);
            }
        }
        size_t end = smaller_size(first + subgroup_quads, words);
        for (size_t i = first; i < end; i++, a += rows) {
            ivec halves[2 * panel_vectors];
            ask_for_lines(t, i * word, vectors);
            UNROLLED for (size_t v = 0; v < vectors; v++)
                memcpy(&halves[v], t->b + i * word + panel_of(t, v) + column_of(v) * 4, sizeof(ivec));
            UNROLLED for (size_t r = 0; r < rows; r++) {
                ivec x = broadcast_word(a[r]), y = broadcast_word(a[rows * subgroup_quads + r]);
                UNROLLED for (size_t v = 0; v < vectors; v++) {
                    low[r][v] = add_quad_products(low[r][v], halves[v] & 0x0f0f0f0f, x);
                    high[r][v] = add_quad_products(high[r][v], halves[v] & (int32_t)0xf0f0f0f0, y);
                }
            }
        }
        UNROLLED for (size_t v = 0; v < vectors; v++) {
            ivec pairs = subscale_pairs(subscales + panel_of(t, v) + column_of(v) * 2, first / subgroup_quads * 2);
            UNROLLED for (size_t r = 0; r < rows; r++) {
                ivec sums = (low[r][v] & 0xffff) | (high[r][v] << 12 & (int32_t)0xffff0000);
                totals[r][v] = add_word_products(totals[r][v], sums, pairs);
            }
        }
        a += rows * subgroup_quads, first_sums += 2 * rows;
    }
    ask_for_lines(t, words * word, vectors);
    const uint8_t *scales = subscales + scales_size;
    UNROLLED for (size_t r = 0; r < rows; r++) {
        vec scale = broadcast(float_of_bits((uint32_t)rest[r]));
        UNROLLED for (size_t v = 0; v < vectors; v++) {
            float *c = t->c + (v / panel_vectors * rows + r) * CK_PANEL + column_of(v);
            vec product = load_scales((const uint16_t *)(scales + panel_of(t, v)) + column_of(v)) * scale;
            store(c, fused(__builtin_convertvector(totals[r][v], vec), product, load(c)));
        }
    }
}

/// Adds one group of few rows times some panels, the first of which has these weights, to sums[panels][rows][CK_PANEL].
static void multiply_halves(const ck_gemm *g, size_t row, size_t rows, size_t group, size_t panels,
                            const uint8_t *weights, const uint8_t *next, const uint8_t *later, float *sums) {
    byte_work work = {
        .a = (const int32_t *)g->packed_rows + packed_tile(g->rows, group, row),
        .b = weights,
        .next_panel = ck_panel_size(g->format, g->inputs),
        .quads = (group_inputs(g->inputs, group) + 3) / 4,
        .c = sums,
        .next = next,
        .later = later,
    };
    if (panels == 2) {
#if SIMD_LARGE_TILES
        if (rows == 1) tile_halves(&work, 1, 2);
        else tile_halves(&work, 2, 2);
#endif
        return;
    }
    switch (rows) {
    case 1: tile_halves(&work, 1, 1); return;
#if SIMD_LARGE_TILES
    case 2: tile_halves(&work, 2, 1); return;
    case 3: tile_halves(&work, 3, 1); return;
    case 4: tile_halves(&work, 4, 1); return;
#endif
    }
}
#endif
