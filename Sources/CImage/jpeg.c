#include "CImage.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file has about ten scans. Each one walks the whole picture, so a tiny file with thousands of empty
// ones would keep a core busy for hours.
enum { MAX_SCANS = 100 };

typedef struct {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    ci_result result;
} reader;

static void fail(j_common_ptr common) {
    reader *r = common->client_data;
    char message[JMSG_LENGTH_MAX];
    common->err->format_message(common, message);
    snprintf(r->result.message, sizeof r->result.message, "%s", message);
    r->result.status = common->err->msg_code == JERR_OUT_OF_MEMORY ? CI_OUT_OF_MEMORY : CI_CORRUPT;
    longjmp(r->escape, 1);
}

static void stay_silent(j_common_ptr common) { (void)common; }

static void refuse(reader *r, ci_status status, const char *message) {
    r->result.status = status;
    snprintf(r->result.message, sizeof r->result.message, "%s", message);
    longjmp(r->escape, 1);
}

static void limit_scans(j_common_ptr common) {
    reader *r = common->client_data;
    if (r->decoder.input_scan_number > MAX_SCANS) { refuse(r, CI_UNSUPPORTED, "more than 100 scans"); }
}

static void do_nothing(j_decompress_ptr decoder) { (void)decoder; }

// All bytes are in the buffer from the start: needing more means that the file is cut off. Returning FALSE makes the
// library return to its caller ("suspend") instead of inventing an end marker and grey pixels.
static boolean has_no_more(j_decompress_ptr decoder) {
    (void)decoder;
    return FALSE;
}

static void skip(j_decompress_ptr decoder, long count) {
    if (count <= 0) { return; }
    size_t step = (size_t)count < decoder->src->bytes_in_buffer ? (size_t)count : decoder->src->bytes_in_buffer;
    decoder->src->next_input_byte += step;
    decoder->src->bytes_in_buffer -= step;
}

static void set_up(reader *r, const uint8_t *bytes, size_t count) {
    r->decoder.err = jpeg_std_error(&r->errors);
    r->decoder.client_data = r;
    r->errors.error_exit = fail;
    r->errors.output_message = stay_silent;
    jpeg_create_decompress(&r->decoder);
    r->source = (struct jpeg_source_mgr){
        .next_input_byte = bytes,
        .bytes_in_buffer = count,
        .init_source = do_nothing,
        .fill_input_buffer = has_no_more,
        .skip_input_data = skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = do_nothing,
    };
    r->decoder.src = &r->source;
    r->progress.progress_monitor = limit_scans;
    r->decoder.progress = &r->progress;
}

static void read_header(reader *r) {
    if (jpeg_read_header(&r->decoder, TRUE) != JPEG_HEADER_OK) { refuse(r, CI_TRUNCATED, ""); }
    int components = r->decoder.num_components;
    if (components != 1 && components != 3 && components != 4) {
        refuse(r, CI_UNSUPPORTED, "neither 1, 3 nor 4 colour components");
    }
}

static uint8_t times(unsigned a, unsigned b) {
    unsigned product = a * b + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

// CMYK files hold inverted inks (Adobe's convention, which all known writers follow), so `255 - ink` is what is stored.
static void convert_inks(const uint8_t *inks, uint8_t *rgb, size_t width) {
    for (size_t x = 0; x < width; x++) {
        unsigned light = inks[4 * x + 3];
        for (int c = 0; c < 3; c++) { rgb[3 * x + c] = (uint8_t)(light - times(255u - inks[4 * x + c], light)); }
    }
}

static void read_rows(reader *r, uint8_t *pixels, size_t capacity) {
    struct jpeg_decompress_struct *decoder = &r->decoder;
    int has_inks = decoder->num_components == 4;
    decoder->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
    size_t width = decoder->image_width;
    if (capacity != width * decoder->image_height * 3) { refuse(r, CI_CORRUPT, "size differs from its header"); }
    if (!jpeg_start_decompress(decoder)) { refuse(r, CI_TRUNCATED, ""); }
    JSAMPARRAY inks = NULL;
    if (has_inks) {
        inks = decoder->mem->alloc_sarray((j_common_ptr)decoder, JPOOL_IMAGE, (JDIMENSION)(width * 4), 1);
    }
    while (decoder->output_scanline < decoder->output_height) {
        JSAMPROW row = pixels + (size_t)decoder->output_scanline * width * 3;
        if (jpeg_read_scanlines(decoder, has_inks ? inks : &row, 1) != 1) { refuse(r, CI_TRUNCATED, ""); }
        if (has_inks) { convert_inks(inks[0], row, width); }
    }
}

// The caller owns the reader, so that its fields are defined after a jump back into this frame.
static void try_header(reader *r, const uint8_t *bytes, size_t count, ci_header *header) {
    if (setjmp(r->escape)) { return; }
    set_up(r, bytes, count);
    read_header(r);
    *header = (ci_header){.width = r->decoder.image_width, .height = r->decoder.image_height, .channels = 3};
}

static void try_decode(reader *r, const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity) {
    if (setjmp(r->escape)) { return; }
    set_up(r, bytes, count);
    read_header(r);
    read_rows(r, pixels, capacity);
}

ci_result ci_jpeg_header(const uint8_t *bytes, size_t count, ci_header *header) {
    reader r = {0};
    try_header(&r, bytes, count, header);
    jpeg_destroy_decompress(&r.decoder);
    return r.result;
}

ci_result ci_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity) {
    reader r = {0};
    try_decode(&r, bytes, count, pixels, capacity);
    jpeg_destroy_decompress(&r.decoder);
    return r.result;
}
