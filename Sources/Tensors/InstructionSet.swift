internal import CKernels

/// A set of vector instructions the kernels were written for.
public enum InstructionSet: String, Sendable, CaseIterable {
    case plain
    case avx2
    case avx512
    case avx512BF16 = "avx512-bf16"

    /// The sets this processor has, slowest first.
    public static var available: [InstructionSet] { allCases.filter { ck_table($0.kernelISA) != nil } }

    /// The fastest set this processor has.
    public static var best: InstructionSet { available.last ?? .plain }

    /// The name shown to people.
    public var name: String { rawValue }

    var kernelISA: ck_isa {
        switch self {
        case .plain: CK_PLAIN
        case .avx2: CK_AVX2
        case .avx512: CK_AVX512
        case .avx512BF16: CK_AVX512_BF16
        }
    }

    /// The kernels of this set. The set must be available.
    var kernels: ck_kernels {
        guard let table = ck_table(kernelISA) else { preconditionFailure("this processor has no \(name) instructions") }
        return table.pointee
    }
}
