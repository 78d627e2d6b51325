/// The layout of int8 and int4 panels, the same for every instruction set.
///
/// A panel is a run of groups of `byte_group` inputs, the last one shorter:
///   int8: quads [inputs / 4][CK_PANEL][4] of bytes, weight + 128; CK_PANEL scales
///   int4: octets [inputs / 8][CK_PANEL][4] of bytes, whose low half holds input i and whose high half input i + 4;
///         CK_PANEL words of sub-scales, four bits for each 32 inputs; CK_PANEL scales
/// A scale is a bfloat16. An int4 weight is scale * sub-scale * (half - 8): the last two make a byte, so that a decoded
/// group is one of int8.
#pragma once

#include "CKernels.h"

enum {
    /// Inputs that share a scale, of weights and of a row's activations alike.
    byte_group = 128,
    /// Inputs that share a sub-scale.
    byte_subgroup = 32,
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

/// Bytes of the weights of a group of `inputs`.
static inline size_t group_weights_size(ck_format format, size_t inputs) {
    size_t word = format == CK_INT4_WEIGHTS ? 8 : 4;
    return (inputs + word - 1) / word * CK_PANEL * sizeof(uint32_t);
}

/// Bytes of a group of `inputs`.
static inline size_t group_size(ck_format format, size_t inputs) {
    return group_weights_size(format, inputs) + (format == CK_INT4_WEIGHTS ? 2 : 1) * scales_size;
}
