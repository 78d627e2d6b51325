/// Loops that keep one unit of the processor busy and do nothing useful: the ceilings that kernels are compared with.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// What a product of two numbers runs on.
typedef enum { CK_PEAK_F32, CK_PEAK_BF16, CK_PEAK_INT8 } ck_peak_unit;

/// Runs `rounds` rounds of independent multiply-adds in registers with the best instructions of this processor and
/// returns how many operations that were, a multiply-add being two. `seed` is where the numbers come from and where a sum
/// of the results goes, so that nothing can be left out.
///
/// A processor without the unit runs what its kernels run instead: bf16 products as f32, bytes widened to 16 bits.
double ck_peak(ck_peak_unit unit, size_t rounds, uint64_t *seed);

/// Reads `count` bytes, a multiple of 512 aligned to 64, once in order and returns their sum as 64-bit words.
uint64_t ck_peak_read(const void *data, size_t count);
