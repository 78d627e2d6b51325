#include <string.h>

#include "pack.h"
#include "quantise.h"

#pragma STDC FP_CONTRACT OFF

enum { subgroups = byte_group / byte_subgroup, largest_subscale = 15 };

/// Of vectors of one fixed width whatever the instruction set: the order of the sum of errors must not depend on it.
typedef float quartet __attribute__((vector_size(16)));
typedef int32_t iquartet __attribute__((vector_size(16)));

typedef struct {
    uint16_t scale, subscales[subgroups];
} int4_scales;

static quartet choose(iquartet mask, quartet a, quartet b) {
    return (quartet)(((iquartet)a & mask) | ((iquartet)b & ~mask));
}

static quartet nearest_step(quartet x) {
    quartet rounded = (x + rounding_bias) - rounding_bias;
    quartet low = (quartet){0} - 8, high = (quartet){0} + 7;
    rounded = choose(rounded < low, low, rounded);
    return choose(rounded > high, high, rounded);
}

/// Sum of squared errors of a subgroup in steps of `subscale`; all in units of the scale.
static float squared_error(const float *units, float subscale) {
    float inverse = 1 / subscale, lanes[4];
    quartet sum = {0};
    for (size_t i = 0; i < byte_subgroup; i += 4) {
        quartet v;
        memcpy(&v, units + i, sizeof v);
        quartet error = v - nearest_step(v * inverse) * subscale;
        sum += error * error;
    }
    memcpy(lanes, &sum, sizeof lanes);
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

/// The best sub-scales, near those that just cover each subgroup: clipping its largest value a little serves the
/// others. Returns the sum of squared errors.
static float choose_subscales(const float *units, uint16_t *subscales) {
    float total = 0;
    for (size_t i = 0; i < subgroups; i++) {
        const float *values = units + i * byte_subgroup;
        int32_t covering = nearest_integer(largest_magnitude(values, byte_subgroup) / 7);
        float best = INFINITY;
        for (int32_t s = covering - 3; s <= covering + 1; s++) {
            if (s < 1 || s > largest_subscale) continue;
            float error = squared_error(values, (float)s);
            if (error >= best) continue;
            best = error;
            subscales[i] = (uint16_t)s;
        }
        total += best;
    }
    return total;
}

/// Halves 0 … 15 of a group.
static void round_halves(const float *units, const uint16_t *subscales, uint8_t *q) {
    for (size_t i = 0; i < byte_group; i++) {
        int32_t value = nearest_integer(units[i] * (1 / (float)subscales[i / byte_subgroup]));
        value = value < -8 ? -8 : value > 7 ? 7 : value;
        q[i] = (uint8_t)(value + 8);
    }
}

/// Quantises a group, zero-padded to byte_group: with that sign of the scale which gives the smaller error, since the
/// halves reach one step further below zero than above.
static int4_scales quantise_group(const float *x, uint8_t *q) {
    float largest = largest_magnitude(x, byte_group);
    memset(q, 8, byte_group);
    if (largest < SMALLEST_MAGNITUDE) return (int4_scales){0};
    if (!(largest < INFINITY)) return (int4_scales){.scale = bf16_of_float(NAN)};
    uint16_t magnitude = bf16_of_float(largest / (7 * largest_subscale));
    int4_scales up = {.scale = magnitude}, down = {.scale = magnitude | 0x8000};
    float inverse = 1 / float_of_bf16(magnitude), above[byte_group], below[byte_group];
    for (size_t i = 0; i < byte_group; i++) {
        above[i] = x[i] * inverse;
        below[i] = -above[i];
    }
    bool is_down = choose_subscales(below, down.subscales) < choose_subscales(above, up.subscales);
    int4_scales chosen = is_down ? down : up;
    round_halves(is_down ? below : above, chosen.subscales, q);
    return chosen;
}

void pack_int4(const weight_rows *w, size_t k, uint8_t *panel) {
    uint8_t block[CK_PANEL][byte_group];
    uint16_t scales[CK_PANEL] = {0}, subscales[CK_PANEL] = {0};
    memset(block, 8, sizeof block);
    for (size_t group = 0; group < group_count(k); group++) {
        size_t count = group_inputs(k, group);
        for (size_t n = 0; n < w->row_count; n++) {
            float values[byte_group] = {0};
            read_weights(w, n, group * byte_group, count, values);
            int4_scales chosen = quantise_group(values, block[n]);
            scales[n] = chosen.scale;
            subscales[n] = 0;
            for (size_t i = 0; i < subgroups; i++) subscales[n] |= (uint16_t)(chosen.subscales[i] << 4 * i);
        }
        for (size_t word = 0; word < half_words(count); word++) {
            size_t first = (word + word / subgroup_quads * subgroup_quads) * 4;
            for (size_t n = 0; n < CK_PANEL; n++)
                for (size_t i = first; i < first + 4; i++)
                    *panel++ = (uint8_t)(block[n][i] | block[n][i + byte_subgroup] << 4);
        }
        memcpy(panel, subscales, sizeof subscales);
        memcpy(panel + sizeof subscales, scales, sizeof scales);
        panel += sizeof subscales + sizeof scales;
    }
}
