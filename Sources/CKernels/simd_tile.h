// The register tiles of all matrix products; see simd_kernels.h.
//
// A tile adds a[rows][k] times b[k][columns] to c. Every sum is one chain of fused multiply-adds over k, so its bits
// depend neither on the size of the tile nor on how k is cut into blocks: a cut only stores and reloads the sum.

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

enum {
    max_tile_rows = 12,
    /// Columns a large tile covers in one pass: two vectors, so that its sums fill the registers.
    pass_columns = 2 * lanes,
    /// Rows up to which a tile of all CK_PANEL columns still fits the registers.
    wide_tile_rows = lanes == 16 ? tile_rows : 2,
    panel_vectors = CK_PANEL / lanes,
    /// Panels that one row is multiplied with side by side at most: their sums wait less for each other, and memory
    /// delivers more to several streams.
    row_streams = lanes == 16 ? CK_PANEL_RUN : 2,
};

/// Element (r, i) of a is a[r * row_step + i * k_step]; of b, row i (in bf16 pair i) starts at word i * b_step.
typedef struct {
    const float *a;
    size_t row_step, k_step;
    const void *b;
    size_t b_step, k;
    float *c;
    size_t c_stride;
    /// Continue the sums in c instead of starting at zero.
    bool resume;
    /// Panels, more than one with one row alone, and words from each to the next. Their sums follow each other.
    size_t panels, next_panel;
    /// Memory asked for meanwhile, `ahead_step` bytes for each row of b; NULL: what follows b.
    const char *ahead;
    size_t ahead_step;
} tile_work;

typedef vec tile_sums[max_tile_rows][row_streams * panel_vectors];

/// Asks for the line at `near` to come to the nearest cache, and, where one tile alone reads the weights and waits for
/// them, for that at `far` to come to the second: a core can wait for few lines at a time in the nearest one and for many
/// more in the second.
static ALWAYS_INLINE void ask_for(const void *near, const void *far, bool waits) {
    __builtin_prefetch(near);
    if (waits) __builtin_prefetch(far, 0, 2);
}

/// Where vector v of a row of b starts.
static ALWAYS_INLINE size_t word_of(const tile_work *t, size_t v) {
    return v / panel_vectors * t->next_panel + v % panel_vectors * lanes;
}

static ALWAYS_INLINE void start_sums(tile_sums sums, const tile_work *t, size_t rows, size_t vectors) {
    UNROLLED for (size_t r = 0; r < rows; r++)
        UNROLLED for (size_t v = 0; v < vectors; v++)
            sums[r][v] = t->resume ? load(t->c + r * t->c_stride + v * lanes) : (vec){0};
}

static ALWAYS_INLINE void store_sums(tile_sums sums, const tile_work *t, size_t rows, size_t vectors) {
    UNROLLED for (size_t r = 0; r < rows; r++)
        UNROLLED for (size_t v = 0; v < vectors; v++) store(t->c + r * t->c_stride + v * lanes, sums[r][v]);
}

static ALWAYS_INLINE void add_row_products(tile_sums sums, const float *a, size_t row_step, const vec *w, size_t rows,
                                           size_t vectors) {
    UNROLLED for (size_t r = 0; r < rows; r++) {
        vec x = broadcast(a[r * row_step]);
        UNROLLED for (size_t v = 0; v < vectors; v++) sums[r][v] = fused(x, w[v], sums[r][v]);
    }
}

/// Asks for memory some rows ahead, up to two lines for each row and panel: the hardware alone falls behind when few rows
/// share a panel.
static ALWAYS_INLINE void prefetch_rows(const tile_work *t, const char *ahead, bool waits, size_t vectors) {
    UNROLLED for (size_t v = 0; v < vectors; v += panel_vectors) {
        const char *lines = ahead + word_of(t, v) * sizeof(float);
        ask_for(lines, lines + stream_lead, waits);
        ask_for(lines + 64, lines + stream_lead + 64, waits);
    }
}

static ALWAYS_INLINE const char *first_ahead(const tile_work *t) {
    return t->ahead ? t->ahead : (const char *)t->b + 12 * CK_PANEL * sizeof(float);
}

static ALWAYS_INLINE size_t ahead_step(const tile_work *t) {
    return t->ahead ? t->ahead_step : t->b_step * sizeof(float);
}

static inline ivec load_pairs(const uint32_t *b) {
    ivec v;
    memcpy(&v, b, sizeof v);
    return v;
}

static ALWAYS_INLINE void tile_f32(const tile_work *t, size_t rows, size_t vectors, bool waits, size_t row_step,
                                   size_t k_step) {
    tile_sums sums;
    start_sums(sums, t, rows, vectors);
    const float *a = t->a, *b = t->b;
    const char *ahead = first_ahead(t);
    size_t step = ahead_step(t);
    for (size_t i = 0; i < t->k; i++, a += k_step, b += t->b_step) {
        vec w[row_streams * panel_vectors];
        prefetch_rows(t, ahead, waits, vectors), ahead += step;
        UNROLLED for (size_t v = 0; v < vectors; v++) w[v] = load(b + word_of(t, v));
        add_row_products(sums, a, row_step, w, rows, vectors);
    }
    store_sums(sums, t, rows, vectors);
}

/// b holds pairs of bf16, [k/2][…][2]; k is even. a holds floats that are bf16 values, or, with SIMD_PAIR_PRODUCTS,
/// pairs of bf16, so that k counts pairs in its steps.
static ALWAYS_INLINE void tile_bf16(const tile_work *t, size_t rows, size_t vectors, bool waits, size_t row_step,
                                    size_t k_step, size_t b_step) {
    tile_sums sums;
    start_sums(sums, t, rows, vectors);
    const float *a = t->a;
    const uint32_t *b = t->b;
    const char *ahead = first_ahead(t);
    size_t step = ahead_step(t);
    for (size_t i = 0; i < t->k; i += 2, b += b_step) {
        prefetch_rows(t, ahead, waits, vectors), ahead += step;
#if SIMD_PAIR_PRODUCTS
        ivec w[row_streams * panel_vectors];
        UNROLLED for (size_t v = 0; v < vectors; v++) w[v] = load_pairs(b + word_of(t, v));
        UNROLLED for (size_t r = 0; r < rows; r++) {
            ivec x = (ivec)broadcast(a[r * row_step]);
            UNROLLED for (size_t v = 0; v < vectors; v++) sums[r][v] = add_pair_products(sums[r][v], x, w[v]);
        }
        a += k_step;
#else
        vec w[row_streams * panel_vectors];
        UNROLLED for (size_t v = 0; v < vectors; v++) w[v] = (vec)(load_pairs(b + word_of(t, v)) << 16);
        add_row_products(sums, a, row_step, w, rows, vectors);
        // Loaded again, as far as the compiler knows: keeping the pairs would cost registers the sums need.
        const uint32_t *again = b;
        __asm__("" : "+r"(again));
        UNROLLED for (size_t v = 0; v < vectors; v++)
            w[v] = (vec)(load_pairs(again + word_of(t, v)) & (int32_t)0xffff0000);
        add_row_products(sums, a + k_step, row_step, w, rows, vectors);
        a += 2 * k_step;
#endif
    }
    store_sums(sums, t, rows, vectors);
}

typedef enum { packed_f32, packed_bf16, strided_f32, strided_bf16 } tile_kind;

static ALWAYS_INLINE void tile_of(const tile_work *t, tile_kind kind, bool waits, size_t rows, size_t vectors) {
    switch (kind) {
    case packed_f32: tile_f32(t, rows, vectors, waits, 1, rows); return;
    case packed_bf16: tile_bf16(t, rows, vectors, waits, 1, rows, CK_PANEL); return;
    case strided_f32: tile_f32(t, rows, vectors, waits, t->row_step, 1); return;
    case strided_bf16: tile_bf16(t, rows, vectors, waits, t->row_step, 1, t->b_step); return;
    }
}

/// Vectors of one panel that a tile covers in one pass.
static ALWAYS_INLINE size_t vectors_of(size_t rows) { return rows <= wide_tile_rows ? panel_vectors : 2; }

/// `waits` if this tile alone reads b, from memory.
static ALWAYS_INLINE void run_tile(const tile_work *t, tile_kind kind, bool waits, size_t rows) {
    switch (rows) {
    case 1:
        if (t->panels == row_streams) tile_of(t, kind, waits, 1, row_streams * panel_vectors);
        else if (t->panels == 2) tile_of(t, kind, waits, 1, 2 * panel_vectors);
        else tile_of(t, kind, waits, 1, vectors_of(1));
        return;
    case 2: tile_of(t, kind, waits, 2, vectors_of(2)); return;
    case 3: tile_of(t, kind, waits, 3, vectors_of(3)); return;
    case 4: tile_of(t, kind, waits, 4, vectors_of(4)); return;
    case 5: tile_of(t, kind, waits, 5, vectors_of(5)); return;
    case 6: tile_of(t, kind, waits, 6, vectors_of(6)); return;
#if SIMD_LARGE_TILES
    case 7: tile_of(t, kind, waits, 7, vectors_of(7)); return;
    case 8: tile_of(t, kind, waits, 8, vectors_of(8)); return;
    case 9: tile_of(t, kind, waits, 9, vectors_of(9)); return;
    case 10: tile_of(t, kind, waits, 10, vectors_of(10)); return;
    case 11: tile_of(t, kind, waits, 11, vectors_of(11)); return;
    case 12: tile_of(t, kind, waits, 12, vectors_of(12)); return;
#endif
    }
}

/// Whether a tile of this many rows has work in the pass that starts at `column` of a panel.
static inline bool has_pass(size_t rows, size_t column) { return column == 0 || rows > wide_tile_rows; }
