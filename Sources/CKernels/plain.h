/// The plain-C kernels: the oracle of every vector kernel and the fallback on other processors.
#pragma once

#include "CKernels.h"

void plain_pack_rows(ck_format format, const float *x, size_t stride, size_t rows, size_t k, size_t begin, size_t end,
                     void *packed);
void plain_gemm(const ck_gemm *g, size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                float *scratch);
void plain_quantise_rows(const float *x, size_t stride, size_t k, size_t begin, size_t end, void *packed);
void plain_multiply_bytes(const ck_gemm *g, size_t row, size_t panel, float *sums);
void plain_attention(ck_type format, const ck_attention_row *rows, size_t row_count, const ck_segment *segments,
                     size_t segment_count, size_t head_dim, float scale, float *scratch);
void plain_store_keys(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                      void *keys);
void plain_store_values(ck_type format, const float *x, size_t stride, size_t count, size_t head_dim, size_t first,
                        void *values);
void plain_rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y);
void plain_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count, float *y);
void plain_rotary(float *x, const float *cosines, const float *sines, size_t head_dim);
void plain_silu_multiply(const float *gate, const float *up, size_t count, float *y);
void plain_activate(float *x, size_t count, ck_activation activation);
void plain_add(const float *x, size_t count, float *y);
void plain_softmax(float *x, size_t count);
double plain_log_softmax(const float *x, size_t count, float *y);
void plain_f32_from_f16(const uint16_t *x, size_t count, float *y);
void plain_f32_from_bf16(const uint16_t *x, size_t count, float *y);
void plain_f16_from_f32(const float *x, size_t count, uint16_t *y);
void plain_bf16_from_f32(const float *x, size_t count, uint16_t *y);
