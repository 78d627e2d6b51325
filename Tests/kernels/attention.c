// Attention and the storage of keys and values against the plain kernels.

#include "check.h"

enum { page = 64 };

typedef struct {
    size_t positions, keys, heads, head_dim;
    ck_type format;
} problem;

/// Segments of a page each, stored by `table` from rows of `head_dim` floats.
static ck_segment *store(const ck_kernels *table, const problem *p, const float *keys, const float *values) {
    ck_segment *segments = room((p->keys / page + 1) * sizeof *segments);
    for (size_t start = 0, s = 0; start < p->keys; start += page, s++) {
        size_t count = p->keys - start < page ? p->keys - start : page, half = count / 2;
        void *k = room(ck_keys_size(p->format, page, p->head_dim)), *v = room(ck_values_size(p->format, page, p->head_dim));
        size_t d = p->head_dim;
        // In two steps, the second of which may start within a pair.
        table->store_keys(p->format, keys + start * d, d, half, d, 0, k);
        table->store_keys(p->format, keys + (start + half) * d, d, count - half, d, half, k);
        table->store_values(p->format, values + start * d, d, half, d, 0, v);
        table->store_values(p->format, values + (start + half) * d, d, count - half, d, half, v);
        segments[s] = (ck_segment){k, v, count};
    }
    return segments;
}

static void discard(const problem *p, ck_segment *segments) {
    for (size_t s = 0; s * page < p->keys; s++) free((void *)segments[s].keys), free((void *)segments[s].values);
    free(segments);
}

static void check_storage(const problem *p, const ck_segment *segments, const float *keys, const float *values) {
    const ck_kernels *plain = ck_table(CK_PLAIN);
    ck_segment *expected = store(plain, p, keys, values);
    float *a = random_floats(p->head_dim), *b = random_floats(p->head_dim);
    for (size_t i = 0; i < p->keys; i++) {
        ck_load_key(p->format, segments[i / page].keys, i % page, p->head_dim, a);
        ck_load_key(p->format, expected[i / page].keys, i % page, p->head_dim, b);
        CHECK(!memcmp(a, b, p->head_dim * sizeof(float)), "key %zu of %zu dimensions", i, p->head_dim);
        ck_load_value(p->format, segments[i / page].values, i % page, p->head_dim, a);
        ck_load_value(p->format, expected[i / page].values, i % page, p->head_dim, b);
        CHECK(!memcmp(a, b, p->head_dim * sizeof(float)), "value %zu of %zu dimensions", i, p->head_dim);
    }
    free(a), free(b);
    discard(p, expected);
}

static void check_problem(const ck_kernels *table, const problem *p) {
    size_t rows = p->positions * p->heads, d = p->head_dim;
    float *keys = random_floats(p->keys * d), *values = random_floats(p->keys * d), *queries = random_floats(rows * d);
    float *bias = random_floats(p->keys), *factor = random_floats(p->keys);
    float *contexts = random_floats(rows * d), *expected = random_floats(rows * d), *alone = random_floats(d);
    float *pattern = random_floats(p->keys), *expected_pattern = random_floats(p->keys);
    float *scratch = room(ck_attention_scratch_size(rows, p->keys, d));
    ck_attention_row *work = room(rows * sizeof *work);
    ck_segment *segments = store(table, p, keys, values);
    check_storage(p, segments, keys, values);
    bias[p->keys / 2] = -INFINITY;
    for (size_t r = 0; r < rows; r++) {
        work[r] = (ck_attention_row){queries + r * d, contexts + r * d, p->keys - p->positions + r / p->heads + 1,
                                     r % 3 == 1 ? bias : NULL, r % 5 == 2 ? factor : NULL, NULL};
    }
    work[rows / 2].pattern = pattern;
    table->attention(p->format, work, rows, segments, 0, d, 0.7f, scratch);
    for (size_t r = 0; r < rows; r++) {
        ck_attention_row row = work[r];
        row.context = alone, row.pattern = NULL;
        table->attention(p->format, &row, 1, segments, 0, d, 0.7f, scratch);
        CHECK(!memcmp(alone, contexts + r * d, d * sizeof(float)), "row %zu of %zu alone, %zu keys", r, rows, p->keys);
        work[r].context = expected + r * d;
    }
    work[rows / 2].pattern = expected_pattern;
    ck_table(CK_PLAIN)->attention(p->format, work, rows, segments, 0, d, 0.7f, scratch);
    // A probability that lies between two bf16 may fall to either side.
    float tolerance = p->format == CK_BF16 ? 4e-3f : 1e-5f, most = difference(contexts, expected, rows * d);
    CHECK(most < tolerance, "%g: %zu keys of %zu dimensions", most, p->keys, d);
    CHECK(difference(pattern, expected_pattern, work[rows / 2].keys) < 2e-6f, "pattern");
    free(keys), free(values), free(queries), free(bias), free(factor), free(contexts), free(expected), free(alone);
    free(pattern), free(expected_pattern), free(scratch), free(work);
    discard(p, segments);
}

void check_attention(const ck_kernels *table) {
    static const problem problems[] = {
        {1, 1, 1, 1, 0},   {1, 17, 2, 3, 0},   {2, 5, 1, 5, 0},    {5, 31, 3, 17, 0}, {7, 33, 2, 31, 0},
        {13, 63, 1, 64, 0}, {6, 129, 8, 32, 0}, {48, 200, 1, 80, 0}, {3, 300, 4, 131, 0},
    };
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        problem p = problems[i];
        p.format = CK_F32;
        check_problem(table, &p);
        p.format = CK_BF16;
        check_problem(table, &p);
    }
}
