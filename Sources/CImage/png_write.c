#include "CImage.h"

#include <stdio.h>

#include <png.h>

static png_image describe(uint32_t width, uint32_t height, int channels) {
    return (png_image){
        .version = PNG_IMAGE_VERSION,
        .width = width,
        .height = height,
        .format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA,
    };
}

size_t ci_png_bound(uint32_t width, uint32_t height, int channels) {
    // libpng's own bound is computed in 32 bits in places; half of that leaves room for its additions.
    if ((uint64_t)width * height * (uint64_t)channels > UINT32_MAX / 2) { return 0; }
    png_image image = describe(width, height, channels);
    return PNG_IMAGE_PNG_SIZE_MAX(image);
}

ci_result ci_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t *out, size_t *size) {
    ci_result result = {0};
    png_image image = describe(width, height, channels);
    png_alloc_size_t written = *size;
    if (!png_image_write_to_memory(&image, out, &written, 0, pixels, 0, NULL)) {
        result.status = CI_CORRUPT;
        snprintf(result.message, sizeof result.message, "%s", image.message);
    }
    png_image_free(&image);
    *size = written;
    return result;
}
