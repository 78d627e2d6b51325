/// Repeatable numbers for the kernel tests: a xorshift generator.
#pragma once

#include <stdint.h>
#include <stdlib.h>

static uint64_t random_state = 0x9E3779B97F4A7C15u;

/// Uniform in -1 ..< 1.
static inline float random_float(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (float)(random_state >> 40) / (1 << 23) - 1;
}

/// `count` random floats on a cache line, to be freed.
static inline float *random_floats(size_t count) {
    float *x = aligned_alloc(64, (count * sizeof(float) + 127) / 64 * 64);
    if (!x) abort();
    for (size_t i = 0; i < count; i++) x[i] = random_float();
    return x;
}

/// `size` bytes on a cache line, to be freed.
static inline void *room(size_t size) {
    void *p = aligned_alloc(64, (size + 127) / 64 * 64);
    if (!p) abort();
    return p;
}
