internal import CKernels

/// How packed weights are held in memory, and with them the arithmetic of a matrix product.
///
/// Sums are f32 in all formats. What is rounded before it is multiplied: in `bf16` the activations, to bfloat16; in
/// `int8` and `int4` each group of 128 activations of a row, to bytes with a common scale.
public enum WeightFormat: String, Sendable, CaseIterable {
    /// As stored, or widened.
    case f32
    /// Rounded to nearest even.
    case bf16
    /// A byte each, with a scale for each output and 128 inputs.
    case int8
    /// Four bits each, with a sub-scale for each output and 32 inputs and a scale for each output and 128.
    case int4

    var kernelFormat: ck_format {
        switch self {
        case .f32: CK_F32_WEIGHTS
        case .bf16: CK_BF16_WEIGHTS
        case .int8: CK_INT8_WEIGHTS
        case .int4: CK_INT4_WEIGHTS
        }
    }
}
