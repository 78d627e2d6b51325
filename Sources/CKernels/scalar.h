/// Conversions of single values, shared by the plain kernels and the tails of the vector ones.
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float float_of_bf16(uint16_t x) { return float_of_bits((uint32_t)x << 16); }

static inline uint16_t bf16_of_float(float x) {
    uint32_t bits = float_bits(x);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)((bits >> 16) | 0x40);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static inline float float_of_f16(uint16_t x) {
    uint32_t sign = (uint32_t)(x & 0x8000) << 16, exponent = (x >> 10) & 31, mantissa = x & 0x3ff;
    if (exponent == 31) return float_of_bits(sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x400000 : 0));
    if (exponent) return float_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    // Zero or subnormal: mantissa * 2^-24, exact in f32.
    return float_of_bits(sign | float_bits((float)mantissa * 0x1p-24f));
}

static inline uint16_t f16_of_float(float x) {
    uint32_t bits = float_bits(x), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
    // 65520 and above round to infinity.
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Adding 0.5 makes the addition itself round to multiples of 2^-24, the subnormal step of f16.
        float aligned = float_of_bits(magnitude) + 0.5f;
        return (uint16_t)(sign | (float_bits(aligned) - 0x3f000000));
    }
    uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}
