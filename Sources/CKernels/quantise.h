/// Rounding of a group of values to bytes, and the choice of scales.
///
/// Every step is one correctly rounded operation or exact, so all instruction sets give the same bits.
#pragma once

#include <math.h>

#include "byte_layout.h"
#include "scalar.h"

/// Groups whose largest magnitude is below this count as zeros: its inverse would overflow.
#define SMALLEST_MAGNITUDE 0x1p-100f

/// The largest magnitude of `count` values; infinity or NaN if there is one among them.
static inline float largest_magnitude(const float *x, size_t count) {
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        // Bits of magnitudes are ordered as the magnitudes are, NaN last.
        int32_t magnitude = (int32_t)(float_bits(x[i]) & 0x7fffffff);
        largest = magnitude > largest ? magnitude : largest;
    }
    return float_of_bits((uint32_t)largest);
}

/// 1.5 * 2^23: added to a small float it leaves the nearest integer, ties to even, in the low bits.
static const float rounding_bias = 0x1.8p23f;

/// The nearest integer of |x| < 2^22, ties to even.
static inline int32_t nearest_integer(float x) {
    return (int32_t)(float_bits(x + rounding_bias) - float_bits(rounding_bias));
}

/// q = x / scale, rounded to -127 … 127 with the scale largest / 127, which is returned, and zeros up to byte_group.
/// Without a finite largest magnitude the scale is NaN and the values 0: whatever they meet becomes NaN.
static inline float quantise_row(const float *x, size_t count, int8_t *q, int32_t *sum) {
    float largest = largest_magnitude(x, count), inverse = 127 / largest;
    *sum = 0;
    if (!(largest >= SMALLEST_MAGNITUDE && largest < INFINITY)) {
        for (size_t i = 0; i < byte_group; i++) q[i] = 0;
        return largest < SMALLEST_MAGNITUDE ? 0 : NAN;
    }
    int32_t total = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t value = nearest_integer(x[i] * inverse);
        q[i] = (int8_t)value;
        total += value;
    }
    for (size_t i = count; i < byte_group; i++) q[i] = 0;
    *sum = total;
    return largest / 127;
}
