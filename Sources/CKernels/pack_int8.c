#include <string.h>

#include "pack.h"
#include "quantise.h"

#pragma STDC FP_CONTRACT OFF

/// The least bfloat16 that is not below x >= 0.
static uint16_t bf16_above(float x) { return (uint16_t)((float_bits(x) + 0xffff) >> 16); }

/// Bytes of one group of a weight row, zeros (the offset) up to byte_group; returns its scale.
static uint16_t quantise_weights(const float *x, size_t count, uint8_t *q) {
    float largest = largest_magnitude(x, count);
    memset(q, byte_offset, byte_group);
    if (largest < SMALLEST_MAGNITUDE) return 0;
    if (!(largest < INFINITY)) return bf16_of_float(NAN);
    uint16_t scale = bf16_above(largest / 127);
    float inverse = 1 / float_of_bf16(scale);
    // Rounded upwards, so no weight passes 127.
    for (size_t i = 0; i < count; i++) q[i] = (uint8_t)(nearest_integer(x[i] * inverse) + byte_offset);
    return scale;
}

void pack_int8(const weight_rows *w, size_t k, uint8_t *panel) {
    uint8_t block[CK_PANEL][byte_group];
    uint16_t scales[CK_PANEL] = {0};
    memset(block, byte_offset, sizeof block);
    for (size_t group = 0; group < group_count(k); group++) {
        size_t count = group_inputs(k, group);
        for (size_t n = 0; n < w->row_count; n++) {
            float values[byte_group];
            read_weights(w, n, group * byte_group, count, values);
            scales[n] = quantise_weights(values, count, block[n]);
        }
        for (size_t quad = 0; quad < (count + 3) / 4; quad++)
            for (size_t n = 0; n < CK_PANEL; n++, panel += 4) memcpy(panel, block[n] + quad * 4, 4);
        memcpy(panel, scales, sizeof scales);
        panel += sizeof scales;
    }
}
