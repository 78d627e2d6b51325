#include "CKernels.h"
#include "blocking.h"
#include "key_values.h"

size_t ck_gemm_scratch_size(void) {
    size_t sums = CK_PANEL_GROUP * CK_ROW_BLOCK * CK_PANEL, decoded = k_block * CK_PANEL;
    return (sums + decoded) * sizeof(float);
}

size_t ck_attention_scratch_size(size_t row_count, size_t keys, size_t head_dim) {
    size_t width = value_width(head_dim);
    size_t decoded = value_block * width;
    return (row_count * (2 * width + score_width(keys)) + width + decoded) * sizeof(float);
}
