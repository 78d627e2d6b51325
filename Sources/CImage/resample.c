#include "CImage.h"

enum { PRECISION = 22, HALF = 1 << (PRECISION - 1) };

static uint8_t clipped(int32_t sum) {
    int32_t value = sum >> PRECISION;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void ci_resample_row(const uint8_t *row, int32_t origin, ci_taps taps, uint8_t *out) {
    for (int32_t i = 0; i < taps.outputs; i++) {
        const uint8_t *in = row + 3 * (size_t)(taps.first[i] - origin);
        const int32_t *weights = taps.weights + (size_t)i * (size_t)taps.stride;
        int32_t red = HALF, green = HALF, blue = HALF;
        for (int32_t k = 0; k < taps.count[i]; k++) {
            red += in[3 * k] * weights[k];
            green += in[3 * k + 1] * weights[k];
            blue += in[3 * k + 2] * weights[k];
        }
        out[3 * i] = clipped(red);
        out[3 * i + 1] = clipped(green);
        out[3 * i + 2] = clipped(blue);
    }
}

void ci_resample_columns(const uint8_t *rows, int32_t origin, size_t width, ci_taps taps, uint8_t *out) {
    enum { BLOCK = 64 }; // accumulators that stay in registers and the first cache level
    for (int32_t i = 0; i < taps.outputs; i++) {
        const uint8_t *in = rows + (size_t)(taps.first[i] - origin) * width;
        const int32_t *weights = taps.weights + (size_t)i * (size_t)taps.stride;
        for (size_t start = 0; start < width; start += BLOCK) {
            size_t n = width - start < BLOCK ? width - start : BLOCK;
            int32_t sums[BLOCK];
            for (size_t x = 0; x < n; x++) { sums[x] = HALF; }
            for (int32_t k = 0; k < taps.count[i]; k++) {
                const uint8_t *line = in + (size_t)k * width + start;
                for (size_t x = 0; x < n; x++) { sums[x] += line[x] * weights[k]; }
            }
            for (size_t x = 0; x < n; x++) { out[(size_t)i * width + start + x] = clipped(sums[x]); }
        }
    }
}
