#include "CImage.h"

#include <stdio.h>

#include <webp/decode.h>

static ci_result outcome(VP8StatusCode code) {
    ci_result result = {0};
    switch (code) {
    case VP8_STATUS_OK: result.status = CI_OK; break;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: result.status = CI_TRUNCATED; break;
    case VP8_STATUS_OUT_OF_MEMORY: result.status = CI_OUT_OF_MEMORY; break;
    case VP8_STATUS_UNSUPPORTED_FEATURE: result.status = CI_UNSUPPORTED; break;
    default:
        result.status = CI_CORRUPT;
        snprintf(result.message, sizeof result.message, "libwebp status %d", (int)code);
    }
    return result;
}

ci_result ci_webp_header(const uint8_t *bytes, size_t count, ci_header *header) {
    WebPBitstreamFeatures features;
    ci_result result = outcome(WebPGetFeatures(bytes, count, &features));
    if (result.status != CI_OK) { return result; }
    if (features.has_animation) {
        result.status = CI_UNSUPPORTED;
        snprintf(result.message, sizeof result.message, "animation");
        return result;
    }
    *header = (ci_header){
        .width = features.width, .height = features.height, .channels = features.has_alpha ? 4 : 3};
    return result;
}

ci_result ci_webp_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) { return outcome(VP8_STATUS_UNSUPPORTED_FEATURE); }
    ci_result result = outcome(WebPGetFeatures(bytes, count, &config.input));
    if (result.status != CI_OK) { return result; }
    int channels = config.input.has_alpha ? 4 : 3;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = config.input.width * channels;
    config.output.u.RGBA.size = capacity;
    result = outcome(WebPDecode(bytes, count, &config));
    WebPFreeDecBuffer(&config.output);
    return result;
}
