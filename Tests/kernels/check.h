/// Counting and reporting for the kernel tests.
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "CKernels.h"
#include "random.h"

extern int checks, failures;

#define CHECK(condition, ...)                                       \
    do {                                                            \
        checks++;                                                   \
        if (!(condition)) {                                         \
            failures++;                                             \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            printf(__VA_ARGS__);                                    \
            printf("\n");                                           \
        }                                                           \
    } while (0)

/// The largest difference of two arrays; infinity where one alone is NaN.
static inline float difference(const float *a, const float *b, size_t count) {
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        float d = isnan(a[i]) && isnan(b[i]) ? 0 : fabsf(a[i] - b[i]);
        if (!(d <= most)) most = isnan(d) ? INFINITY : d;
    }
    return most;
}

void check_rows(const ck_kernels *table);
void check_products(const ck_kernels *table);
void check_attention(const ck_kernels *table);
