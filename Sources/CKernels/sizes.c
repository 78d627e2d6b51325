#include "CKernels.h"
#include "blocking.h"

size_t ck_gemm_scratch_size(void) {
    size_t sums = panel_group * CK_ROW_BLOCK * CK_PANEL, decoded = k_block * CK_PANEL;
    return (sums + decoded) * sizeof(float);
}

size_t ck_attention_scratch_size(size_t row_count, size_t keys, size_t head_dim) {
    size_t context = (head_dim + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
    size_t panel = CK_PANEL * (head_dim > value_block ? head_dim : value_block);
    return (row_count * (head_dim + keys + CK_PANEL + context) + panel) * sizeof(float);
}
