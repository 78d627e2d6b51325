// Matrix products against the plain kernels.

#include "check.h"

typedef struct {
    size_t rows, inputs, outputs;
} shape;

static void *pack(const ck_kernels *table, ck_format format, const float *weights, const shape *s) {
    size_t size = ck_panel_size(format, s->inputs), panels = (s->outputs + CK_PANEL - 1) / CK_PANEL;
    char *packed = room(size * panels);
    const void *rows[CK_PANEL];
    ck_type types[CK_PANEL];
    for (size_t p = 0; p < panels; p++) {
        size_t count = 0;
        for (; count < CK_PANEL && p * CK_PANEL + count < s->outputs; count++) {
            rows[count] = weights + (p * CK_PANEL + count) * s->inputs;
            types[count] = CK_F32;
        }
        ck_pack_panel(table, rows, types, count, s->inputs, format, packed + p * size);
    }
    return packed;
}

/// y[rows][outputs] of the first `rows` rows.
static void multiply(const ck_kernels *table, ck_format format, ck_combination combination, const float *x, size_t rows,
                     const shape *s, const void *panels, const float *bias, float *y) {
    void *packed = room(ck_packed_rows_size(format, rows, s->inputs)), *scratch = room(ck_gemm_scratch_size());
    ck_gemm g = {rows, s->inputs, s->outputs, format, packed, panels, bias, CK_NONE, combination, y, s->outputs};
    table->pack_rows(format, x, s->inputs, rows, s->inputs, 0, rows, packed);
    for (size_t row = 0; row < rows; row += CK_ROW_BLOCK) {
        size_t end = row + CK_ROW_BLOCK < rows ? row + CK_ROW_BLOCK : rows;
        table->gemm(&g, row, end, 0, (s->outputs + CK_PANEL - 1) / CK_PANEL, scratch);
    }
    free(packed), free(scratch);
}

static void check_combination(const ck_kernels *table, ck_format format, ck_combination combination, const shape *s,
                              float tolerance) {
    const ck_kernels *plain = ck_table(CK_PLAIN);
    size_t count = s->rows * s->outputs;
    float *x = random_floats(s->rows * s->inputs), *w = random_floats(s->outputs * s->inputs);
    float *bias = random_floats(s->outputs), *y = random_floats(count), *z = room(count * sizeof(float));
    float *alone = room(s->outputs * sizeof(float));
    memcpy(z, y, count * sizeof(float)), memcpy(alone, y, s->outputs * sizeof(float));
    void *panels = pack(table, format, w, s);
    multiply(table, format, combination, x, s->rows, s, panels, bias, y);
    multiply(plain, format, combination, x, s->rows, s, panels, bias, z);
    CHECK(difference(y, z, count) <= tolerance, "%g: %zu × %zu × %zu", difference(y, z, count), s->rows, s->inputs,
          s->outputs);
    multiply(table, format, combination, x, 1, s, panels, bias, alone);
    CHECK(!memcmp(alone, y, s->outputs * sizeof(float)), "one row of %zu", s->rows);
    free(x), free(w), free(bias), free(y), free(z), free(alone), free(panels);
}

static void check_shape(const ck_kernels *table, ck_format format, const shape *s, float tolerance) {
    for (ck_combination c = CK_REPLACE; c <= CK_MULTIPLY; c++) check_combination(table, format, c, s, tolerance);
}

/// Sums of int4 weights as large as they come: every half at its lowest, every activation at its largest.
static void check_largest_sums(const ck_kernels *table) {
    shape s = {.rows = 5, .inputs = 200, .outputs = 64};
    float *x = room(s.rows * s.inputs * sizeof(float)), *w = random_floats(s.outputs * s.inputs);
    float *y = room(s.rows * s.outputs * sizeof(float)), *z = room(s.rows * s.outputs * sizeof(float));
    uint8_t *panels = pack(table, CK_INT4_WEIGHTS, w, &s);
    size_t size = ck_panel_size(CK_INT4_WEIGHTS, s.inputs), group = 64 * CK_PANEL;
    for (size_t p = 0; p < 2; p++) {
        // The first group's halves and sub-scales; its scales stay.
        memset(panels + p * size, 0, group);
        memset(panels + p * size + group, 0xff, 2 * CK_PANEL);
    }
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < s.rows * s.inputs; i++) x[i] = (float)sign;
        for (size_t rows = 1; rows <= s.rows; rows++) {
            multiply(table, CK_INT4_WEIGHTS, CK_REPLACE, x, rows, &s, panels, NULL, y);
            multiply(ck_table(CK_PLAIN), CK_INT4_WEIGHTS, CK_REPLACE, x, rows, &s, panels, NULL, z);
            CHECK(!memcmp(y, z, rows * s.outputs * sizeof(float)), "largest sums of %zu rows", rows);
        }
    }
    free(x), free(w), free(y), free(z), free(panels);
}

void check_products(const ck_kernels *table) {
    check_largest_sums(table);
    static const shape shapes[] = {{1, 1, 1},    {1, 70, 33},  {2, 256, 64},  {3, 129, 31},
                                   {6, 257, 40}, {13, 300, 32}, {37, 515, 65}, {97, 128, 96}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_shape(table, CK_F32_WEIGHTS, shapes + i, 2e-4f);
        check_shape(table, CK_BF16_WEIGHTS, shapes + i, 2e-4f);
        // Sums of integers are the same in any order.
        check_shape(table, CK_INT8_WEIGHTS, shapes + i, 0);
        check_shape(table, CK_INT4_WEIGHTS, shapes + i, 0);
    }
}
