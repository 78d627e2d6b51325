internal import CKernels

/// How the elements of a stored tensor are encoded.
public enum ElementType: Sendable, Hashable {
    case f32, f16, bf16

    /// Bytes of one element.
    public var byteCount: Int { self == .f32 ? 4 : 2 }

    var kernelType: ck_type {
        switch self {
        case .f32: CK_F32
        case .f16: CK_F16
        case .bf16: CK_BF16
        }
    }
}
