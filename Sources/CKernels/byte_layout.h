/// The layout of int8 and int4 panels, the same for every instruction set.
///
/// A panel is a run of groups of `byte_group` inputs, the last one shorter:
///   int8: quads [inputs / 4][CK_PANEL][4] of bytes, weight + 128; CK_PANEL scales
///   int4: words [inputs / 8][CK_PANEL][4] of bytes. The low halves of eight words hold the 32 inputs of one sub-group,
///         the high halves those of the next; fewer words, where a group ends before, as many as its inputs need.
///         CK_PANEL times 16 bits of sub-scales, four for each sub-group; CK_PANEL scales
/// A scale is a bfloat16. An int4 weight is scale * sub-scale * (half - 8): the last two make a byte, so that a decoded
/// group is one of int8.
#pragma once

#include "CKernels.h"

enum {
    /// Inputs that share a scale, of weights and of a row's activations alike.
    byte_group = 128,
    /// Inputs that share a sub-scale, and quads of them.
    byte_subgroup = 32,
    subgroup_quads = byte_subgroup / 4,
    /// What is added to a weight to make it unsigned.
    byte_offset = 128,
    scales_size = CK_PANEL * sizeof(uint16_t),
};

static inline size_t group_count(size_t inputs) { return (inputs + byte_group - 1) / byte_group; }

/// Inputs of group `group`.
static inline size_t group_inputs(size_t inputs, size_t group) {
    size_t rest = inputs - group * byte_group;
    return rest < byte_group ? rest : byte_group;
}

/// Words of int4 weights of a group of `inputs`, for each column.
static inline size_t half_words(size_t inputs) {
    size_t pairs = inputs / (2 * byte_subgroup), rest = (inputs % (2 * byte_subgroup) + 3) / 4;
    return pairs * subgroup_quads + (rest < subgroup_quads ? rest : subgroup_quads);
}

/// Bytes of the weights of a group of `inputs`.
static inline size_t group_weights_size(ck_format format, size_t inputs) {
    size_t words = format == CK_INT4_WEIGHTS ? half_words(inputs) : (inputs + 3) / 4;
    return words * CK_PANEL * sizeof(uint32_t);
}

/// Bytes of a group of `inputs`.
static inline size_t group_size(ck_format format, size_t inputs) {
    return group_weights_size(format, inputs) + (format == CK_INT4_WEIGHTS ? 2 : 1) * scales_size;
}
