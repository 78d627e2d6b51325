// Attention of a block of rows over shared keys and values; see simd_kernels.h.
//
// Scores are complete rows in scratch, so the softmax of a row runs over one array whatever the segments and the
// other rows are. Both products go through the tiles of simd_tile.h: one chain per output, over head_dim for a
// score and over the keys in order for a context.

enum { few_rows = 2 };

typedef struct {
    const ck_attention_row *rows;
    size_t row_count, head_dim, score_stride, context_stride;
    float *queries, *scores, *contexts, *panel;
} attention_work;

typedef float octet __attribute__((vector_size(32)));

/// panel[d][column + 0…7] = rows of 8 keys.
static inline void transpose_octet(const float *const *keys, size_t d, float *panel) {
    octet a[8], b[8];
    UNROLLED for (size_t i = 0; i < 8; i++) memcpy(&a[i], keys[i] + d, sizeof(octet));
    UNROLLED for (size_t i = 0; i < 8; i += 2) {
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    UNROLLED for (size_t i = 0; i < 8; i += 4) {
        UNROLLED for (size_t j = i; j < i + 2; j++) {
            a[j] = __builtin_shufflevector(b[j], b[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[j + 2] = __builtin_shufflevector(b[j], b[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    UNROLLED for (size_t i = 0; i < 4; i++) {
        octet low = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        octet high = __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        memcpy(panel + (d + i) * CK_PANEL, &low, sizeof(octet));
        memcpy(panel + (d + i + 4) * CK_PANEL, &high, sizeof(octet));
    }
}

/// panel[d][CK_PANEL] from up to CK_PANEL keys; columns without a key repeat the last one and are never read.
static void transpose_keys(const float *keys, size_t stride, size_t count, size_t head_dim, float *panel) {
    for (size_t column = 0; column < count; column += 8) {
        const float *octets[8];
        for (size_t i = 0; i < 8; i++) octets[i] = keys + smaller_size(column + i, count - 1) * stride;
        size_t d = 0;
        for (; d + 8 <= head_dim; d += 8) transpose_octet(octets, d, panel + column);
        for (; d < head_dim; d++)
            for (size_t i = 0; i < 8; i++) panel[d * CK_PANEL + column + i] = octets[i][d];
    }
}

/// Scores of all rows for up to CK_PANEL keys in the panel; writes CK_PANEL columns from `position` on.
static void score_panel(const attention_work *w, size_t position, size_t count) {
    for (size_t column = 0; column < count; column += pass_columns) {
        for (size_t row = 0; row < w->row_count; row += tile_rows) {
            size_t rows = smaller_size(w->row_count - row, tile_rows);
            if (!has_pass(rows, column)) continue;
            tile_work work = {
                .a = w->queries + row * w->head_dim,
                .row_step = w->head_dim,
                .b = w->panel + column,
                .b_step = CK_PANEL,
                .k = w->head_dim,
                .c = w->scores + row * w->score_stride + position + column,
                .c_stride = w->score_stride,
            };
            run_tile(&work, strided_f32, rows);
        }
    }
}

static void score_keys(const attention_work *w, const ck_segment *segments, size_t keys) {
    for (size_t start = 0; start < keys; start += segments->count, segments++) {
        size_t visible = smaller_size(segments->count, keys - start);
        for (size_t i = 0; i < visible; i += CK_PANEL) {
            size_t count = smaller_size(visible - i, CK_PANEL);
            transpose_keys(segments->keys + i * segments->key_stride, segments->key_stride, count, w->head_dim,
                           w->panel);
            score_panel(w, start + i, count);
        }
    }
}

static inline void scale_scores(float *scores, size_t count, float scale, const float *bias) {
    // Two loops: with the choice inside, the compiler loads the bias through slow masks.
    for (size_t i = 0; i < count; i++) scores[i] *= scale;
    for (size_t i = 0; bias && i < count; i++) scores[i] += bias[i];
}

static void normalise(const attention_work *w, float scale) {
    for (size_t r = 0; r < w->row_count; r++) {
        const ck_attention_row *row = w->rows + r;
        float *scores = w->scores + r * w->score_stride;
        scale_scores(scores, row->keys, scale, row->bias);
        softmax(scores, row->keys);
        for (size_t i = 0; row->factor && i < row->keys; i++) scores[i] *= row->factor[i];
        if (row->pattern) memcpy(row->pattern, scores, row->keys * sizeof(float));
    }
}

/// Adds keys [begin, end) of the block at `position` to the contexts of `rows` rows.
static void mix_tile(const attention_work *w, size_t row, size_t rows, size_t position, size_t begin, size_t end,
                     const float *values, size_t stride, size_t column, size_t pass) {
    if (begin >= end || !has_pass(rows, pass)) return;
    tile_work work = {
        .a = w->scores + row * w->score_stride + position + begin,
        .row_step = w->score_stride,
        .b = values + begin * stride + pass,
        .b_step = stride,
        .k = end - begin,
        .c = w->contexts + row * w->context_stride + column + pass,
        .c_stride = w->context_stride,
        .resume = true,
    };
    run_tile(&work, strided_f32, rows);
}

/// Keys of the block at `position` that row `row` sees.
static inline size_t visible_keys(const attention_work *w, size_t row, size_t position, size_t count) {
    size_t keys = w->rows[row].keys;
    return keys <= position ? 0 : smaller_size(keys - position, count);
}

/// Adds one block of values, CK_PANEL columns wide, to the contexts. No row meets a key beyond its own: a stale
/// value there may be NaN, which a zero probability would not silence.
static void mix_block(const attention_work *w, size_t position, size_t count, const float *values, size_t stride,
                      size_t column) {
    for (size_t pass = 0; pass < CK_PANEL; pass += pass_columns) {
        for (size_t row = 0; row < w->row_count; row += tile_rows) {
            size_t rows = smaller_size(w->row_count - row, tile_rows), shared = count;
            for (size_t r = row; r < row + rows; r++)
                shared = smaller_size(shared, visible_keys(w, r, position, count));
            mix_tile(w, row, rows, position, 0, shared, values, stride, column, pass);
            for (size_t r = row; r < row + rows; r++) {
                size_t last = visible_keys(w, r, position, count);
                // All columns at once, after the second pass of the others.
                bool is_last_pass = !has_pass(rows, pass + pass_columns) || pass + pass_columns == CK_PANEL;
                if (!has_pass(rows, pass)) continue;
                if (is_last_pass) mix_tile(w, r, 1, position, shared, last, values, stride, column, 0);
            }
        }
    }
}

/// panel[CK_PANEL] from `width` columns of `count` rows, zero beyond.
static void copy_panel(const float *values, size_t stride, size_t count, size_t width, float *panel) {
    if (width < CK_PANEL) memset(panel, 0, count * CK_PANEL * sizeof(float));
    for (size_t k = 0; k < count; k++) memcpy(panel + k * CK_PANEL, values + k * stride, width * sizeof(float));
}

static void mix_values(const attention_work *w, const ck_segment *segments, size_t keys) {
    memset(w->contexts, 0, w->row_count * w->context_stride * sizeof(float));
    for (size_t start = 0; start < keys; start += segments->count, segments++) {
        size_t visible = smaller_size(segments->count, keys - start), stride = segments->value_stride;
        for (size_t i = 0; i < visible; i += value_block) {
            size_t count = smaller_size(visible - i, value_block);
            const float *values = segments->values + i * stride;
            for (size_t column = 0; column < w->head_dim; column += CK_PANEL) {
                size_t width = smaller_size(w->head_dim - column, CK_PANEL);
                // Rows of a cache lie a power of two apart and would evict each other, and a tile reads whole
                // panels: the block is copied unless that costs more than it saves.
                if (width == CK_PANEL && w->row_count <= few_rows) {
                    mix_block(w, start + i, count, values + column, stride, column);
                    continue;
                }
                copy_panel(values + column, stride, count, width, w->panel);
                mix_block(w, start + i, count, w->panel, CK_PANEL, column);
            }
        }
    }
}

static void attention(const ck_attention_row *rows, size_t row_count, const ck_segment *segments,
                      size_t segment_count, size_t head_dim, float scale, float *scratch) {
    (void)segment_count;
    size_t keys = 0;
    for (size_t r = 0; r < row_count; r++) keys = rows[r].keys > keys ? rows[r].keys : keys;
    attention_work w = {
        .rows = rows,
        .row_count = row_count,
        .head_dim = head_dim,
        .score_stride = keys + CK_PANEL,
        .context_stride = (head_dim + CK_PANEL - 1) / CK_PANEL * CK_PANEL,
        .queries = scratch,
    };
    w.scores = w.queries + row_count * head_dim;
    w.contexts = w.scores + row_count * w.score_stride;
    w.panel = w.contexts + row_count * w.context_stride;
    for (size_t r = 0; r < row_count; r++)
        memcpy(w.queries + r * head_dim, rows[r].query, head_dim * sizeof(float));
    score_keys(&w, segments, keys);
    normalise(&w, scale);
    mix_values(&w, segments, keys);
    for (size_t r = 0; r < row_count; r++)
        memcpy(rows[r].context, w.contexts + r * w.context_stride, head_dim * sizeof(float));
}
