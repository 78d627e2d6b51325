internal import CKernels

/// A set of vector instructions the kernels were written for.
public enum InstructionSet: String, Sendable, CaseIterable {
    case plain
    case avx2
    case avxVNNI = "avx-vnni"
    case avx512
    case avx512VNNI = "avx512-vnni"
    case avx512BF16 = "avx512-bf16"
    case neon
    case neonDot = "neon-dot"
    case neonBF16 = "neon-bf16"

    /// The sets this processor has.
    public static var available: [InstructionSet] { allCases.filter { ck_table($0.kernelISA) != nil } }

    /// The fastest set this processor has: the last one, unless its products of bf16 are slower than those of f32.
    public static var best: InstructionSet {
        allCases.first { $0.kernelISA == ck_best().pointee.isa } ?? .plain
    }

    /// The name shown to people.
    public var name: String { rawValue }

    var kernelISA: ck_isa {
        switch self {
        case .plain: CK_PLAIN
        case .avx2: CK_AVX2
        case .avxVNNI: CK_AVX_VNNI
        case .avx512: CK_AVX512
        case .avx512VNNI: CK_AVX512_VNNI
        case .avx512BF16: CK_AVX512_BF16
        case .neon: CK_NEON
        case .neonDot: CK_NEON_DOT
        case .neonBF16: CK_NEON_BF16
        }
    }

    /// The kernels of this set. The set must be available.
    var kernels: ck_kernels {
        guard let table = ck_table(kernelISA) else { preconditionFailure("this processor has no \(name) instructions") }
        return table.pointee
    }
}
