// Attention of a block of rows over shared keys and values; see simd_kernels.h.
//
// Scores are complete rows in scratch, so the softmax of a row runs over one array whatever the segments and the
// other rows are. Both products go through the tiles of simd_tile.h: one chain per output, over head_dim for a
// score and over the keys in order for a context.

typedef struct {
    ck_type format;
    const ck_attention_row *rows;
    size_t row_count, head_dim, width, score_stride;
    float *queries, *scores, *contexts, *pair, *decoded;
} attention_work;

/// The right side of a product: what the stored keys or values are read as, by which kind of tile.
typedef struct {
    const float *words;
    tile_kind kind;
    /// Positions or dimensions that share a word.
    size_t unit;
} right_side;

/// `count` rows of `width` words as the tiles read them best.
static right_side read_right(const attention_work *w, const void *words, size_t count, size_t width) {
    if (w->format != CK_BF16) return (right_side){words, strided_f32, 1};
#if !SIMD_PAIR_PRODUCTS
    // Several tiles share the decoding of a block; one decodes in registers what it reads from memory. The order of
    // additions is the same.
    if (w->row_count > tile_rows) {
        float *even = w->decoded;
        for (size_t i = 0; i < count; i++, even += 2 * width) {
            for (size_t n = 0; n < width; n += lanes) {
                uvec pairs = (uvec)load((const float *)words + i * width + n);
                store(even + n, (vec)(pairs << 16));
                store(even + width + n, (vec)(pairs & 0xffff0000));
            }
        }
        return (right_side){w->decoded, strided_f32, 1};
    }
#else
    (void)count, (void)width;
#endif
    return (right_side){words, strided_bf16, 2};
}

/// Words of `count` elements on the left side of a product.
static inline size_t left_words(ck_type format, size_t count) {
#if SIMD_PAIR_PRODUCTS
    return words_of(format, count);
#else
    (void)format;
    return count;
#endif
}

/// Writes elements i … i + lanes - 1 of the left side of a product in bf16.
static inline void store_left(float *y, size_t i, vec v) {
#if SIMD_PAIR_PRODUCTS
    store_bf16((char *)y + i * sizeof(uint16_t), v);
#else
    store(y + i, (vec)rounded_to_bf16(v));
#endif
}

/// Makes `count` values the left side of a product, padded with zeros to whole vectors. y may be x.
static void write_left(ck_type format, const float *x, size_t count, float *y) {
    if (format != CK_BF16) {
        memmove(y, x, count * sizeof(float));
        return;
    }
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store_left(y, i, load(x + i));
    if (i < count) store_left(y, i, load_first(x + i, count - i));
}

/// One product of CK_PANEL columns, in as many passes as the registers ask for.
static inline void run_panel(tile_work work, tile_kind kind, size_t rows) {
    for (size_t column = 0; column < CK_PANEL && has_pass(rows, column); column += pass_columns) {
        run_tile(&work, kind, false, rows);
        work.b = (const float *)work.b + pass_columns;
        work.c += pass_columns;
    }
}

/// Scores of all rows for the panel of keys at `position`; writes CK_PANEL columns.
static void score_panel(const attention_work *w, const void *panel, size_t position) {
    size_t words = words_of(w->format, w->head_dim);
    right_side keys = read_right(w, panel, words, CK_PANEL);
    for (size_t row = 0; row < w->row_count; row += tile_rows) {
        tile_work work = {
            .a = w->queries + row * w->width,
            .row_step = w->width,
            .b = keys.words,
            .b_step = CK_PANEL,
            .k = w->format == CK_BF16 ? 2 * words : words,
            .c = w->scores + row * w->score_stride + position,
            .c_stride = w->score_stride,
        };
        run_panel(work, keys.kind, smaller_size(w->row_count - row, tile_rows));
    }
}

static void score_keys(const attention_work *w, const ck_segment *segments, size_t keys) {
    for (size_t start = 0; start < keys; start += segments->count, segments++) {
        size_t visible = smaller_size(segments->count, keys - start);
        for (size_t i = 0; i < visible; i += CK_PANEL)
            score_panel(w, (const float *)segments->keys + key_panel(w->format, i, w->head_dim), start + i);
    }
}

static inline void scale_scores(float *scores, size_t count, float scale, const float *bias) {
    // Two loops: with the choice inside, the compiler loads the bias through slow masks.
    for (size_t i = 0; i < count; i++) scores[i] *= scale;
    for (size_t i = 0; bias && i < count; i++) scores[i] += bias[i];
}

/// Turns scores into probabilities, reports those that are wanted and makes them the left side of the next product.
static void normalise(const attention_work *w, float scale) {
    for (size_t r = 0; r < w->row_count; r++) {
        const ck_attention_row *row = w->rows + r;
        float *scores = w->scores + r * w->score_stride;
        scale_scores(scores, row->keys, scale, row->bias);
        softmax(scores, row->keys);
        for (size_t i = 0; row->factor && i < row->keys; i++) scores[i] *= row->factor[i];
        if (row->pattern) memcpy(row->pattern, scores, row->keys * sizeof(float));
        write_left(w->format, scores, row->keys, scores);
    }
}

/// Adds `count` keys from `position` on, whose values are given, to the contexts of `rows` rows.
static void mix_keys(const attention_work *w, size_t row, size_t rows, size_t position, size_t count,
                     right_side values) {
    for (size_t column = 0; count && column < w->width; column += CK_PANEL) {
        tile_work work = {
            .a = w->scores + row * w->score_stride + left_words(w->format, position),
            .row_step = w->score_stride,
            .b = values.words + column,
            .b_step = w->width,
            .k = count,
            .c = w->contexts + row * w->width + column,
            .c_stride = w->width,
            .resume = true,
        };
        run_panel(work, values.kind, rows);
    }
}

/// Adds the even key at `position` without the odd one that is stored beside it.
static void mix_half_pair(const attention_work *w, size_t row, size_t rows, size_t position, right_side values) {
    for (size_t i = 0; i < w->width; i += lanes) store(w->pair + i, (vec)((uvec)load(values.words + i) & 0xffff));
    values.words = w->pair;
    mix_keys(w, row, rows, position, 2, values);
}

/// Keys among `count` from `start` on that row `row` sees.
static inline size_t visible_keys(const attention_work *w, size_t row, size_t start, size_t count) {
    size_t keys = w->rows[row].keys;
    return keys <= start ? 0 : smaller_size(keys - start, count);
}

static inline right_side from_key(const attention_work *w, right_side values, size_t key) {
    values.words += key / values.unit * w->width;
    return values;
}

/// Adds `count` keys from `start` on to the contexts of a tile's rows. No row meets a key beyond its own: a stale value
/// there may be NaN, which a zero probability would not silence.
static void mix_tile(const attention_work *w, size_t row, size_t rows, size_t start, size_t count, right_side values) {
    size_t shared = count;
    for (size_t r = row; r < row + rows; r++) shared = visible_keys(w, r, start, shared);
    shared -= shared % values.unit;
    mix_keys(w, row, rows, start, shared, values);
    // Then what some rows see and others do not; the heads of one position see the same.
    for (size_t r = row, same; r < row + rows; r += same) {
        size_t end = visible_keys(w, r, start, count), whole = end - end % values.unit;
        for (same = 1; r + same < row + rows && w->rows[r + same].keys == w->rows[r].keys;) same++;
        mix_keys(w, r, same, start + shared, whole - shared, from_key(w, values, shared));
        if (whole < end) mix_half_pair(w, r, same, start + whole, from_key(w, values, whole));
    }
}

static void mix_values(const attention_work *w, const ck_segment *segments, size_t keys) {
    memset(w->contexts, 0, w->row_count * w->width * sizeof(float));
    for (size_t start = 0; start < keys; start += segments->count, segments++) {
        size_t visible = smaller_size(segments->count, keys - start);
        for (size_t i = 0; i < visible; i += value_block) {
            size_t count = smaller_size(visible - i, value_block);
            const float *words = (const float *)segments->values + value_row(w->format, i, w->head_dim);
            right_side values = read_right(w, words, words_of(w->format, count), w->width);
            for (size_t row = 0; row < w->row_count; row += tile_rows)
                mix_tile(w, row, smaller_size(w->row_count - row, tile_rows), start + i, count, values);
        }
    }
}

static void attention(ck_type format, const ck_attention_row *rows, size_t row_count, const ck_segment *segments,
                      size_t segment_count, size_t head_dim, float scale, float *scratch) {
    (void)segment_count;
    size_t keys = 0;
    for (size_t r = 0; r < row_count; r++) keys = rows[r].keys > keys ? rows[r].keys : keys;
    attention_work w = {
        .format = format,
        .rows = rows,
        .row_count = row_count,
        .head_dim = head_dim,
        .width = value_width(head_dim),
        .score_stride = score_width(keys),
        .queries = scratch,
    };
    w.contexts = w.queries + row_count * w.width;
    w.pair = w.contexts + row_count * w.width;
    w.decoded = w.pair + w.width;
    w.scores = w.decoded + value_block * w.width;
    for (size_t r = 0; r < row_count; r++) write_left(format, rows[r].query, head_dim, w.queries + r * w.width);
    score_keys(&w, segments, keys);
    normalise(&w, scale);
    mix_values(&w, segments, keys);
    for (size_t r = 0; r < row_count; r++) memcpy(rows[r].context, w.contexts + r * w.width, head_dim * sizeof(float));
}
