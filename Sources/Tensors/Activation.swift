internal import CKernels

/// An elementwise function applied to the outputs of a linear layer.
public enum Activation: Sendable, Hashable {
    /// The identity.
    case none
    /// x Φ(x), by erf.
    case gelu
    /// The tanh approximation of `gelu`.
    case geluTanh
    /// x σ(1.702 x), the approximation CLIP was trained with.
    case quickGelu
    /// x σ(x).
    case silu
    /// max(x, 0).
    case relu

    var kernelActivation: ck_activation {
        switch self {
        case .none: CK_NONE
        case .gelu: CK_GELU
        case .geluTanh: CK_GELU_TANH
        case .quickGelu: CK_QUICK_GELU
        case .silu: CK_SILU
        case .relu: CK_RELU
        }
    }
}
