// int4 weights, by way of int8 or, for few rows, as they are; see simd_bytes.h.

/// sub-scale * half + 128 - 8 * sub-scale in every byte: nothing carries, as 15 * 15 fits a byte.
static inline void decode_halves(ivec halves, ivec factors, ivec offsets, uint8_t *bytes) {
    word_vec products = (word_vec)(halves & 0x0f0f0f0f) * (word_vec)factors;
    byte_vec decoded = (byte_vec)products + (byte_vec)offsets;
    memcpy(bytes, &decoded, sizeof decoded);
}

/// Quads of a group of int4 weights.
static void decode_group(const uint8_t *group, size_t inputs, uint8_t *quads) {
    const uint8_t *subscales = group + group_weights_size(CK_INT4_WEIGHTS, inputs);
    size_t octet = CK_PANEL * 4, octets = (inputs + 7) / 8;
    for (size_t v = 0; v < CK_PANEL / lanes; v++) {
        half_vec packed;
        memcpy(&packed, subscales + v * sizeof packed, sizeof packed);
        ivec all = __builtin_convertvector(packed, ivec);
        for (size_t first = 0; first < octets; first += byte_subgroup / 8, all >>= 4) {
            ivec subscale = all & 15, factors = subscale | subscale << 16;
            ivec offsets = (byte_offset - 8 * subscale) * 0x01010101;
            for (size_t i = first; i < smaller_size(first + byte_subgroup / 8, octets); i++) {
                ivec halves;
                memcpy(&halves, group + i * octet + v * sizeof halves, sizeof halves);
                uint8_t *quad = quads + i * 2 * octet + v * sizeof halves;
                decode_halves(halves, factors, offsets, quad);
                decode_halves((ivec)((uvec)halves >> 4), factors, offsets, quad + octet);
            }
        }
    }
}

#if SIMD_QUAD_PRODUCTS && !SIMD_SIGNED_QUADS
/// Adds one group of a[rows] times int4 weights to c: for each sub-group the sum of (half - 8) * a, times the sub-scale.
/// The integers are those of the decoded bytes. High halves are multiplied where they are, sixteenfold, and their sum
/// shifted down, which is exact; low and high ones are summed apart, so that no sum waits for the other.
static ALWAYS_INLINE void tile_halves(const byte_work *t, const uint16_t *subscales, size_t rows, size_t vectors) {
    byte_sums totals, low, high;
    ivec all[CK_PANEL / lanes];
    const int32_t *a = t->a, *first_sums = a + rows * (group_quads + 2);
    const uint8_t *b = t->b, *ahead = t->ahead;
    UNROLLED for (size_t v = 0; v < vectors; v++) {
        half_vec packed;
        memcpy(&packed, subscales + v * lanes, sizeof packed);
        all[v] = __builtin_convertvector(packed, ivec);
        UNROLLED for (size_t r = 0; r < rows; r++) totals[r][v] = (ivec){0};
    }
    for (size_t quad = 0; quad < t->quads; quad += byte_subgroup / 4, first_sums += rows) {
        UNROLLED for (size_t r = 0; r < rows; r++) {
            UNROLLED for (size_t v = 0; v < vectors; v++) {
                low[r][v] = broadcast_word(first_sums[r]);
                high[r][v] = (ivec){0};
            }
        }
        size_t end = smaller_size(quad + byte_subgroup / 4, t->quads);
        for (size_t i = quad; i < end; i += 2, a += 2 * rows, b += CK_PANEL * 4, ahead += 2 * t->ahead_step) {
            ivec halves[CK_PANEL / lanes];
            __builtin_prefetch(ahead);
            __builtin_prefetch(ahead + 64);
            UNROLLED for (size_t v = 0; v < vectors; v++) memcpy(&halves[v], b + v * sizeof(ivec), sizeof(ivec));
            UNROLLED for (size_t r = 0; r < rows; r++) {
                ivec x = broadcast_word(a[r]), y = broadcast_word(a[rows + r]);
                UNROLLED for (size_t v = 0; v < vectors; v++) {
                    low[r][v] = add_quad_products(low[r][v], halves[v] & 0x0f0f0f0f, x);
                    high[r][v] = add_quad_products(high[r][v], halves[v] & (int32_t)0xf0f0f0f0, y);
                }
            }
        }
        UNROLLED for (size_t v = 0; v < vectors; v++) {
            ivec subscale = all[v] & 15;
            UNROLLED for (size_t r = 0; r < rows; r++) totals[r][v] += (low[r][v] + (high[r][v] >> 4)) * subscale;
            all[v] >>= 4;
        }
    }
    const int32_t *scales = t->a + rows * group_quads;
    UNROLLED for (size_t r = 0; r < rows; r++) {
        vec scale = broadcast(float_of_bits((uint32_t)scales[r]));
        UNROLLED for (size_t v = 0; v < vectors; v++) {
            float *c = t->c + r * CK_PANEL + v * lanes;
            vec product = load_scales(t->scales + v * lanes) * scale;
            store(c, fused(__builtin_convertvector(totals[r][v], vec), product, load(c)));
        }
    }
}

/// Adds one group of few rows times one panel to sums[rows][CK_PANEL].
static void multiply_halves(const ck_gemm *g, size_t row, size_t rows, size_t group, const uint8_t *weights,
                            float *sums) {
    size_t inputs = group_inputs(g->inputs, group), size = group_size(g->format, inputs);
    const uint16_t *subscales = (const uint16_t *)(weights + group_weights_size(g->format, inputs));
    byte_work work = {
        .a = (const int32_t *)g->packed_rows + packed_tile(g->rows, group, row),
        .b = weights,
        .scales = (const uint16_t *)(weights + size - scales_size),
        .quads = (inputs + 3) / 4,
        .c = sums,
        .ahead = weights + stream_lead,
        .ahead_step = size / group_quads,
    };
    switch (rows) {
    case 1: tile_halves(&work, subscales, 1, CK_PANEL / lanes); return;
#if SIMD_LARGE_TILES
    case 2: tile_halves(&work, subscales, 2, CK_PANEL / lanes); return;
    case 3: tile_halves(&work, subscales, 3, CK_PANEL / lanes); return;
    case 4: tile_halves(&work, subscales, 4, CK_PANEL / lanes); return;
#endif
    }
}
#endif
