#include "pack.h"

#include <string.h>

#include "byte_layout.h"

enum { chunk = 64 };

static bool is_bytes(ck_format format) { return format == CK_INT8_WEIGHTS || format == CK_INT4_WEIGHTS; }

size_t ck_panel_size(ck_format format, size_t k) {
    if (format == CK_F32_WEIGHTS) return k * CK_PANEL * sizeof(float);
    if (format == CK_BF16_WEIGHTS) return (k + 1) / 2 * CK_PANEL * 2 * sizeof(uint16_t);
    size_t rest = k % byte_group;
    return k / byte_group * group_size(format, byte_group) + (rest ? group_size(format, rest) : 0);
}

size_t ck_packed_rows_size(ck_format format, size_t rows, size_t k) {
    // Bytes, or words of 16 bits where no instruction multiplies bytes, with a scale and a sum for each group.
    if (is_bytes(format)) return rows * group_count(k) * (byte_group * sizeof(int16_t) + 2 * sizeof(float));
    return rows * ((k + 1) & ~(size_t)1) * sizeof(float);
}

void read_weights(const weight_rows *w, size_t n, size_t begin, size_t count, float *y) {
    const void *row = w->rows[n];
    switch (w->types[n]) {
    case CK_F32: memcpy(y, (const char *)row + begin * sizeof(float), count * sizeof(float)); return;
    case CK_F16: w->table->f32_from_f16((const uint16_t *)row + begin, count, y); return;
    case CK_BF16: w->table->f32_from_bf16((const uint16_t *)row + begin, count, y); return;
    }
}

/// Pads an odd count with a zero.
static void read_bf16(const weight_rows *w, size_t n, size_t begin, size_t count, uint16_t *y) {
    if (w->types[n] == CK_BF16) {
        memcpy(y, (const char *)w->rows[n] + begin * sizeof(uint16_t), count * sizeof(uint16_t));
    } else {
        float values[chunk];
        read_weights(w, n, begin, count, values);
        w->table->bf16_from_f32(values, count, y);
    }
    if (count & 1) memset(y + count, 0, sizeof *y);
}

/// f32 and bf16. A word is one f32, or two neighbouring bf16 of a row: the layouts of both formats are the same
/// transposition of words.
static void pack_floats(const weight_rows *w, size_t k, ck_format format, uint32_t *words) {
    // A square of the matrix at a time, so that the transposition stays in the nearest cache.
    uint32_t block[CK_PANEL][chunk];
    memset(block, 0, sizeof block);
    for (size_t begin = 0; begin < k; begin += chunk) {
        size_t count = k - begin < chunk ? k - begin : chunk;
        for (size_t n = 0; n < w->row_count; n++) {
            if (format == CK_BF16_WEIGHTS) read_bf16(w, n, begin, count, (uint16_t *)block[n]);
            else read_weights(w, n, begin, count, (float *)block[n]);
        }
        size_t word_count = format == CK_BF16_WEIGHTS ? (count + 1) / 2 : count;
        for (size_t i = 0; i < word_count; i++)
            for (size_t n = 0; n < CK_PANEL; n++) *words++ = block[n][i];
    }
}

void ck_pack_panel(const ck_kernels *table, const void *const *rows, const ck_type *types, size_t row_count, size_t k,
                   ck_format format, void *panel) {
    weight_rows w = {.table = table, .rows = rows, .types = types, .row_count = row_count};
    switch (format) {
    case CK_F32_WEIGHTS:
    case CK_BF16_WEIGHTS: pack_floats(&w, k, format, panel); return;
    case CK_INT8_WEIGHTS: pack_int8(&w, k, panel); return;
    case CK_INT4_WEIGHTS: pack_int4(&w, k, panel); return;
    }
}
