#pragma once

#include <stddef.h>
#include <stdint.h>

// Image codecs behind functions that return instead of jumping, print nothing and keep no memory.
//
// Reading takes two calls: a header function gives the size, the caller checks it against its limits and allocates,
// and a decode function fills `width * height * channels` bytes, row-major.

typedef enum {
    CI_OK = 0,
    CI_TRUNCATED,
    CI_CORRUPT,
    CI_UNSUPPORTED,
    CI_OUT_OF_MEMORY,
} ci_status;

typedef struct {
    ci_status status;
    char message[200]; // the codec's own words, or empty
} ci_result;

typedef struct {
    int64_t width;
    int64_t height;
    int channels; // 3 (RGB) or 4 (RGBA)
} ci_header;

ci_result ci_jpeg_header(const uint8_t *bytes, size_t count, ci_header *header);
ci_result ci_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity);

ci_result ci_png_header(const uint8_t *bytes, size_t count, ci_header *header);
ci_result ci_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity);

ci_result ci_webp_header(const uint8_t *bytes, size_t count, ci_header *header);
ci_result ci_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity);

// An upper bound of the size that ci_png_encode writes; 0 if the picture is too large for the format.
size_t ci_png_bound(uint32_t width, uint32_t height, int channels);
// channels: 1 (grey), 3 (RGB) or 4 (RGBA). `size` holds the capacity of `out` on entry, the bytes written on return.
ci_result ci_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t *out, size_t *size);

// Fixed-point taps of one resampling pass: output i is the sum of `count[i]` inputs from `first[i]` on, weighted by
// `weights[i * stride ...]`, scaled by 2^22.
typedef struct {
    const int32_t *first;
    const int32_t *count;
    const int32_t *weights;
    int32_t stride;
    int32_t outputs;
} ci_taps;

// One row of RGB pixels, of which the first is the source's pixel number `origin`, to `taps.outputs` RGB pixels.
void ci_resample_row(const uint8_t *row, int32_t origin, ci_taps taps, uint8_t *out);
// Rows of `width` bytes, of which the first is the source's row number `origin`, to `taps.outputs` such rows.
void ci_resample_columns(const uint8_t *rows, int32_t origin, size_t width, ci_taps taps, uint8_t *out);
