// y = activation(x Wᵀ + bias) over packed panels; see simd_kernels.h.

static inline size_t padded_inputs(ck_format format, size_t k) {
    return format == CK_BF16_WEIGHTS ? (k + 1) & ~(size_t)1 : k;
}

static inline bool is_bytes(ck_format format) { return format == CK_INT8_WEIGHTS || format == CK_INT4_WEIGHTS; }

/// Words of one row in k inputs of the packed rows.
static inline size_t packed_words(ck_format format, size_t k) {
#if SIMD_PAIR_PRODUCTS
    if (format == CK_BF16_WEIGHTS) return k / 2;
#else
    (void)format;
#endif
    return k;
}

/// The packed rows are laid out as [block of k][tile of rows][k][row of the tile].
static inline size_t packed_offset(ck_format format, size_t rows, size_t k_begin, size_t k_count, size_t row) {
    return packed_words(format, k_begin) * rows + packed_words(format, k_count) * row;
}

/// Copies `count` values, rounded to bf16 in that format, and zeros up to an even count.
static void read_row(ck_format format, const float *x, size_t count, float *y) {
    if (format != CK_BF16_WEIGHTS) {
        memcpy(y, x, count * sizeof(float));
        return;
    }
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, (vec)rounded_to_bf16(load(x + i)));
    for (; i < count; i++) y[i] = float_of_bf16(bf16_of_float(x[i]));
    if (count & 1) y[count] = 0;
}

static void interleave_rows(ck_format format, float (*rows)[k_block], size_t row_count, size_t k, float *packed) {
#if SIMD_PAIR_PRODUCTS
    if (format == CK_BF16_WEIGHTS) {
        for (size_t i = 0; i < k; i += 2)
            for (size_t r = 0; r < row_count; r++)
                *packed++ = float_of_bits(float_bits(rows[r][i]) >> 16 | float_bits(rows[r][i + 1]));
        return;
    }
#else
    (void)format;
#endif
    for (size_t i = 0; i < k; i++)
        for (size_t r = 0; r < row_count; r++) *packed++ = rows[r][i];
}

static void pack_rows(ck_format format, const float *x, size_t stride, size_t rows, size_t k, size_t begin, size_t end,
                      void *packed) {
    if (is_bytes(format)) {
        quantise_rows(format, x, stride, rows, k, begin, end, packed);
        return;
    }
    float block[tile_rows][k_block];
    for (size_t k_begin = 0; k_begin < k; k_begin += k_block) {
        size_t count = smaller_size(k - k_begin, k_block), even = padded_inputs(format, count);
        for (size_t row = begin; row < end; row += tile_rows) {
            size_t row_count = smaller_size(end - row, tile_rows);
            for (size_t r = 0; r < row_count; r++) read_row(format, x + (row + r) * stride + k_begin, count, block[r]);
            float *tile = (float *)packed + packed_offset(format, rows, k_begin, even, row);
            interleave_rows(format, block, row_count, even, tile);
        }
    }
}

#if !SIMD_PAIR_PRODUCTS
/// Floats of `k` rows of a panel's pairs of bf16.
static void decode_pairs(const uint32_t *pairs, size_t k, float *floats) {
    for (size_t i = 0; i < k; i += 2, floats += CK_PANEL) {
        for (size_t v = 0; v < CK_PANEL; v += lanes, pairs += lanes, floats += lanes) {
            ivec both = load_pairs(pairs);
            store(floats, (vec)(both << 16));
            store(floats + CK_PANEL, (vec)(both & (int32_t)0xffff0000));
        }
    }
}
#endif

static ALWAYS_INLINE void run_tile_of(const tile_work *t, tile_kind kind, bool waits, size_t rows) {
    if (waits) run_tile(t, kind, true, rows);
    else run_tile(t, kind, false, rows);
}

/// Adds one block of inputs to the sums of one panel, sums[rows][CK_PANEL], or of one row with several side by side.
/// `decoded` has room for a block of floats.
static void multiply_panel(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel, size_t panels,
                           size_t k_begin, float *decoded, float *sums) {
    size_t inputs = padded_inputs(g->format, g->inputs), k = smaller_size(inputs - k_begin, k_block);
    size_t element = g->format == CK_BF16_WEIGHTS ? sizeof(uint16_t) : sizeof(float);
    const char *weights = (const char *)g->panels + panel * ck_panel_size(g->format, g->inputs);
    weights += k_begin * CK_PANEL * element;
    tile_kind kind = g->format == CK_BF16_WEIGHTS ? packed_bf16 : packed_f32;
    // One tile reads the panel as it comes; several share a block, and ask for the panel's next one meanwhile.
    const char *ahead = weights + (row_end - row_begin <= tile_rows ? stream_lead : k * CK_PANEL * element);
#if !SIMD_PAIR_PRODUCTS
    // Several tiles share the decoding of a block; one decodes in registers what it reads from memory.
    if (kind == packed_bf16 && row_end - row_begin > tile_rows) {
        decode_pairs((const uint32_t *)weights, k, decoded);
        weights = (const char *)decoded, kind = packed_f32;
    }
#else
    (void)decoded;
#endif
    const float *packed = (const float *)g->packed_rows;
    size_t tiles = (row_end - row_begin + tile_rows - 1) / tile_rows, words = kind == packed_bf16 ? k / 2 : k;
    size_t ahead_step = k * CK_PANEL * element / words / tiles;
    for (size_t column = 0; column < CK_PANEL; column += pass_columns) {
        for (size_t row = row_begin; row < row_end; row += tile_rows) {
            size_t rows = smaller_size(row_end - row, tile_rows);
            if (!has_pass(rows, column)) continue;
            tile_work work = {
                .a = packed + packed_offset(g->format, g->rows, k_begin, k, row),
                // A word holds one f32 or a pair of bf16: a column is 4 bytes either way.
                .b = weights + column * sizeof(float),
                .b_step = CK_PANEL,
                .k = k,
                .c = sums + (row - row_begin) * CK_PANEL + column,
                .c_stride = CK_PANEL,
                .resume = k_begin > 0,
                .panels = panels,
                .next_panel = ck_panel_size(g->format, g->inputs) / sizeof(float),
                .ahead = ahead,
                .ahead_step = ahead_step,
            };
            ahead += ahead_step * words;
            if (kind == packed_bf16) run_tile_of(&work, packed_bf16, tiles == 1, rows);
            else run_tile_of(&work, packed_f32, tiles == 1, rows);
        }
    }
}

static inline vec combined(vec old, vec value, ck_combination combination) {
    return combination == CK_ADD ? old + value : old * value;
}

/// Bias, activation and combination of one panel's sums, and the store of the columns that exist.
static void finish_panel(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel, const float *sums) {
    size_t first = panel * CK_PANEL, width = smaller_size(g->outputs - first, CK_PANEL);
    float bias[CK_PANEL] = {0};
    if (g->bias) memcpy(bias, g->bias + first, width * sizeof(float));
    for (size_t row = row_begin; row < row_end; row++, sums += CK_PANEL) {
        float *y = g->y + row * g->y_stride + first;
        for (size_t n = 0; n < width; n += lanes) {
            size_t count = smaller_size(width - n, lanes);
            vec value = load(sums + n);
            if (g->bias) value += load(bias + n);
            value = activated(value, g->activation);
            bool combines = g->combination != CK_REPLACE;
            if (count == lanes) {
                store(y + n, combines ? combined(load(y + n), value, g->combination) : value);
            } else {
                vec old = combines ? load_first(y + n, count) : value;
                store_first(y + n, combines ? combined(old, value, g->combination) : value, count);
            }
        }
    }
}

/// Panels of which a group is multiplied at once.
static size_t panels_at_once(ck_format format, size_t rows, size_t left) {
    return format == CK_INT4_WEIGHTS && rows <= paired_byte_rows && left >= 2 ? 2 : 1;
}

/// Adds one group of some panels, the first of which has these weights, to sums[panels][rows][CK_PANEL]. `decoded` has
/// room for a group's quads.
static void multiply_bytes(const ck_gemm *g, size_t row_begin, size_t row_end, size_t group, size_t panels,
                           const uint8_t *weights, const uint8_t *next, const uint8_t *later, uint8_t *decoded,
                           float *sums) {
    if (g->format == CK_INT8_WEIGHTS) {
        multiply_group(g, row_begin, row_end, group, weights, next, later, weights, sums);
        return;
    }
#if SIMD_QUAD_PRODUCTS && !SIMD_SIGNED_QUADS
    if (row_end - row_begin <= few_byte_rows) {
        multiply_halves(g, row_begin, row_end - row_begin, group, panels, weights, next, later, sums);
        return;
    }
#else
    (void)panels;
#endif
    decode_group(weights, group_inputs(g->inputs, group), decoded);
    multiply_group(g, row_begin, row_end, group, weights, next, later, decoded, sums);
}

/// Few rows wait for halves that need no decoding: several panels are read side by side, as memory delivers more to
/// several streams that much is done with.
static void gemm_bytes(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                       float *scratch) {
    size_t rows = row_end - row_begin, panel_size = ck_panel_size(g->format, g->inputs);
    size_t streams = g->format == CK_INT4_WEIGHTS && rows <= few_byte_rows ? CK_PANEL_RUN : 1;
    size_t groups = group_count(g->inputs), size = group_size(g->format, byte_group);
    // A group that is decoded is read at once, before what is asked for meanwhile has come.
    size_t lead = g->format == CK_INT4_WEIGHTS && rows > few_byte_rows ? 2 : 1;
    float *sums = scratch + byte_group * CK_PANEL / sizeof(float);
    for (size_t first = panel_begin; first < panel_end; first += streams) {
        size_t count = smaller_size(streams, panel_end - first);
        const uint8_t *panels = (const uint8_t *)g->panels + first * panel_size;
        memset(sums, 0, count * rows * CK_PANEL * sizeof(float));
        for (size_t group = 0; group < groups; group++) {
            // A stream comes from the end of its panel to the panel `streams` later.
            size_t jump = streams * panel_size - groups * size, next = group + lead, later = next + lead;
            next = next * size + (next < groups ? 0 : jump);
            later = later * size + (later < groups ? 0 : jump);
            for (size_t p = 0, step; p < count; p += step) {
                const uint8_t *own = panels + p * panel_size;
                step = panels_at_once(g->format, rows, count - p);
                multiply_bytes(g, row_begin, row_end, group, step, own + group * size, own + next, own + later,
                               (uint8_t *)scratch, sums + p * rows * CK_PANEL);
            }
        }
        for (size_t p = 0; p < count; p++) finish_panel(g, row_begin, row_end, first + p, sums + p * rows * CK_PANEL);
    }
}

/// Panels of `left` that one row takes next.
static size_t panels_side_by_side(size_t left) { return left >= row_streams ? row_streams : left >= 2 ? 2 : 1; }

static void gemm_floats(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                        float *scratch) {
    size_t rows = row_end - row_begin, sums = rows * CK_PANEL;
    float *decoded = scratch + CK_PANEL_GROUP * sums;
    // Few rows stay in the cache anyway; a panel at a time, or those of one row, then streams the weights in order.
    size_t group = rows > tile_rows ? CK_PANEL_GROUP : 1;
    for (size_t first = panel_begin; first < panel_end; first += group) {
        if (rows == 1) group = panels_side_by_side(panel_end - first);
        size_t last = smaller_size(first + group, panel_end), step = rows == 1 ? group : 1;
        for (size_t k = 0; k < g->inputs; k += k_block)
            for (size_t p = first; p < last; p += step)
                multiply_panel(g, row_begin, row_end, p, step, k, decoded, scratch + (p - first) * sums);
        for (size_t p = first; p < last; p++)
            finish_panel(g, row_begin, row_end, p, scratch + (p - first) * sums);
    }
}

static void gemm(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                 float *scratch) {
    if (is_bytes(g->format)) gemm_bytes(g, row_begin, row_end, panel_begin, panel_end, scratch);
    else gemm_floats(g, row_begin, row_end, panel_begin, panel_end, scratch);
}
