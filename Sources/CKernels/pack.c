#include <string.h>

#include "CKernels.h"
#include "scalar.h"

enum { chunk = 64 };

size_t ck_panel_size(ck_type format, size_t k) {
    return format == CK_BF16 ? (k + 1) / 2 * CK_PANEL * 2 * sizeof(uint16_t) : k * CK_PANEL * sizeof(float);
}

size_t ck_packed_rows_size(size_t rows, size_t k) { return rows * ((k + 1) & ~(size_t)1) * sizeof(float); }

static void read_f32(const ck_kernels *table, const void *row, ck_type type, size_t begin, size_t count, float *y) {
    switch (type) {
    case CK_F32: memcpy(y, (const char *)row + begin * sizeof(float), count * sizeof(float)); return;
    case CK_F16: table->f32_from_f16((const uint16_t *)row + begin, count, y); return;
    case CK_BF16: table->f32_from_bf16((const uint16_t *)row + begin, count, y); return;
    }
}

/// Pads an odd count with a zero.
static void read_bf16(const ck_kernels *table, const void *row, ck_type type, size_t begin, size_t count,
                      uint16_t *y) {
    if (type == CK_BF16) {
        memcpy(y, (const char *)row + begin * sizeof(uint16_t), count * sizeof(uint16_t));
    } else {
        float values[chunk];
        read_f32(table, row, type, begin, count, values);
        table->bf16_from_f32(values, count, y);
    }
    if (count & 1) memset(y + count, 0, sizeof *y);
}

void ck_pack_panel(const ck_kernels *table, const void *const *rows, const ck_type *types, size_t row_count, size_t k,
                   ck_type format, void *panel) {
    // A square of the matrix at a time, so that the transposition stays in the nearest cache. A word is one f32, or
    // two neighbouring bf16 of a row: the layouts of both formats are the same transposition of words.
    uint32_t block[CK_PANEL][chunk];
    memset(block, 0, sizeof block);
    uint32_t *words = panel;
    for (size_t begin = 0; begin < k; begin += chunk) {
        size_t count = k - begin < chunk ? k - begin : chunk;
        for (size_t n = 0; n < row_count; n++) {
            if (format == CK_BF16) read_bf16(table, rows[n], types[n], begin, count, (uint16_t *)block[n]);
            else read_f32(table, rows[n], types[n], begin, count, (float *)block[n]);
        }
        size_t word_count = format == CK_BF16 ? (count + 1) / 2 : count;
        for (size_t i = 0; i < word_count; i++)
            for (size_t n = 0; n < CK_PANEL; n++) *words++ = block[n][i];
    }
}
