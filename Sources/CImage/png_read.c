#include "CImage.h"

#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct {
    const uint8_t *bytes;
    size_t count;
    png_structp png;
    png_infop info;
    ci_result result;
} reader;

static void fail(png_structp png, png_const_charp message) {
    reader *r = png_get_error_ptr(png);
    if (r->result.status == CI_OK) {
        r->result.status = CI_CORRUPT;
        snprintf(r->result.message, sizeof r->result.message, "%s", message);
    }
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void take(png_structp png, png_bytep out, size_t length) {
    reader *r = png_get_io_ptr(png);
    if (length > r->count) {
        r->result.status = CI_TRUNCATED;
        png_error(png, "");
    }
    memcpy(out, r->bytes, length);
    r->bytes += length;
    r->count -= length;
}

static int set_up(reader *r) {
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, fail, stay_silent);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) {
        r->result.status = CI_OUT_OF_MEMORY;
        return 0;
    }
    return 1;
}

static void configure(reader *r) {
    png_set_read_fn(r->png, r, take);
    // Text and profiles may unpack to a thousand times their size and are not used.
    static const png_byte ignored[] = "iCCP\0sPLT\0tEXt\0zTXt\0iTXt\0eXIf\0hIST\0pCAL\0sCAL";
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, ignored, 9);
}

// Everything becomes 8-bit RGB or RGBA: palettes and low depths are expanded, a transparent colour becomes alpha, and
// of 16 bits the high byte is kept.
static ci_header read_header(reader *r) {
    png_read_info(r->png, r->info);
    int has_alpha = (png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_ALPHA)
        || png_get_valid(r->png, r->info, PNG_INFO_tRNS);
    png_set_expand(r->png);
    png_set_strip_16(r->png);
    png_set_gray_to_rgb(r->png);
    return (ci_header){
        .width = png_get_image_width(r->png, r->info),
        .height = png_get_image_height(r->png, r->info),
        .channels = has_alpha ? 4 : 3,
    };
}

static void read_rows(reader *r, uint8_t *pixels, size_t capacity) {
    ci_header header = read_header(r);
    int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    size_t stride = (size_t)header.width * (size_t)header.channels;
    if (png_get_rowbytes(r->png, r->info) != stride || capacity != stride * (size_t)header.height) {
        png_error(r->png, "size differs from its header");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (int64_t y = 0; y < header.height; y++) { png_read_row(r->png, pixels + stride * (size_t)y, NULL); }
    }
}

// The caller owns the reader, so that its fields are defined after a jump back into this frame.
static void try_header(reader *r, ci_header *header) {
    if (!set_up(r) || setjmp(png_jmpbuf(r->png))) { return; }
    configure(r);
    *header = read_header(r);
}

static void try_decode(reader *r, uint8_t *pixels, size_t capacity) {
    if (!set_up(r) || setjmp(png_jmpbuf(r->png))) { return; }
    configure(r);
    read_rows(r, pixels, capacity);
}

ci_result ci_png_header(const uint8_t *bytes, size_t count, ci_header *header) {
    reader r = {.bytes = bytes, .count = count};
    try_header(&r, header);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return r.result;
}

ci_result ci_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity) {
    reader r = {.bytes = bytes, .count = count};
    try_decode(&r, pixels, capacity);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return r.result;
}
