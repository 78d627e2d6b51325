// Row kernels and conversions against the plain ones.

#include "check.h"

static const size_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100, 259};

static void check_norms(const ck_kernels *table, const ck_kernels *plain, size_t n) {
    float *x = random_floats(n), *w = random_floats(n), *b = random_floats(n), *y = random_floats(n), *z = random_floats(n);
    table->rms_norm(x, w, 1e-5f, n, y), plain->rms_norm(x, w, 1e-5f, n, z);
    CHECK(difference(y, z, n) < 4e-6f, "rms_norm of %zu", n);
    table->layer_norm(x, w, b, 1e-5f, n, y), plain->layer_norm(x, w, b, 1e-5f, n, z);
    CHECK(difference(y, z, n) < 1e-4f, "layer_norm of %zu", n);
    free(x), free(w), free(b), free(y), free(z);
}

static void check_elementwise(const ck_kernels *table, const ck_kernels *plain, size_t n) {
    float *x = random_floats(n), *y = random_floats(2 * n), *z = room(2 * n * sizeof(float)), *u = random_floats(n);
    for (size_t i = 0; i < n; i++) x[i] *= 12;
    for (int a = CK_NONE; a <= CK_RELU; a++) {
        memcpy(y, x, n * sizeof(float)), memcpy(z, x, n * sizeof(float));
        table->activate(y, n, (ck_activation)a), plain->activate(z, n, (ck_activation)a);
        CHECK(difference(y, z, n) < 6e-6f, "activation %d of %zu", a, n);
    }
    table->silu_multiply(x, u, n, y), plain->silu_multiply(x, u, n, z);
    CHECK(difference(y, z, n) < 6e-6f, "silu_multiply of %zu", n);
    memcpy(y, u, n * sizeof(float)), memcpy(z, u, n * sizeof(float));
    table->add(x, n, y), plain->add(x, n, z);
    CHECK(!memcmp(y, z, n * sizeof(float)), "add of %zu", n);
    x[n / 2] = n > 1 ? -INFINITY : 0;
    memcpy(y, x, n * sizeof(float)), memcpy(z, x, n * sizeof(float));
    table->softmax(y, n), plain->softmax(z, n);
    CHECK(difference(y, z, n) < 1e-6f, "softmax of %zu", n);

    double logarithm = table->log_softmax(x, n, y), expected = plain->log_softmax(x, n, z);
    CHECK(fabs(logarithm - expected) < 1e-6, "logarithm %g of %zu, not %g", logarithm, n, expected);
    CHECK(y[n / 2] == z[n / 2], "log-softmax %g, not %g", y[n / 2], z[n / 2]);
    y[n / 2] = z[n / 2] = 0;
    CHECK(difference(y, z, n) < 1e-5f, "log-softmax of %zu", n);
    for (size_t i = 0; i < 2 * n; i++) y[i] = z[i] = random_float();
    table->rotary(y, u, u, 2 * n), plain->rotary(z, u, u, 2 * n);
    CHECK(difference(y, z, 2 * n) < 1e-5f, "rotary of %zu", 2 * n);
    free(x), free(y), free(z), free(u);
}

static void check_conversions(const ck_kernels *table, const ck_kernels *plain, size_t n) {
    float *x = random_floats(n), *y = random_floats(n), *z = random_floats(n);
    uint16_t *a = room(n * sizeof *a), *b = room(n * sizeof *b);
    static const float special[] = {0, -0.0f, 65519, 65520, -1e9f, 1e-8f, 6e-8f, 3e38f, INFINITY, -INFINITY, 1.00390625f};
    for (size_t i = 0; i < n; i++) x[i] = i % 3 ? x[i] : special[(i / 3) % (sizeof special / sizeof *special)];
    table->bf16_from_f32(x, n, a), plain->bf16_from_f32(x, n, b);
    CHECK(!memcmp(a, b, n * sizeof *a), "bf16_from_f32 of %zu", n);
    table->f32_from_bf16(a, n, y), plain->f32_from_bf16(a, n, z);
    CHECK(!memcmp(y, z, n * sizeof(float)), "f32_from_bf16 of %zu", n);
    table->f16_from_f32(x, n, a), plain->f16_from_f32(x, n, b);
    CHECK(!memcmp(a, b, n * sizeof *a), "f16_from_f32 of %zu", n);
    table->f32_from_f16(a, n, y), plain->f32_from_f16(a, n, z);
    CHECK(!memcmp(y, z, n * sizeof(float)), "f32_from_f16 of %zu", n);
    free(x), free(y), free(z), free(a), free(b);
}

void check_rows(const ck_kernels *table) {
    const ck_kernels *plain = ck_table(CK_PLAIN);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_norms(table, plain, lengths[i]);
        check_elementwise(table, plain, lengths[i]);
        check_conversions(table, plain, lengths[i]);
    }
}
