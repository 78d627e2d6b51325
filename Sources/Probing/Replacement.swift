/// What an ablated token's state becomes.
public enum Replacement: Sendable, Equatable {
    /// The model's stored mean embedding.
    case mean
    /// Zeros.
    case zero
    /// The mean of the states of the picture that the token belongs to.
    case imageMean
    /// Independent normal numbers with the mean and the standard deviation that the numbers of all replaced states have.
    case noise(seed: Int)

    /// The names that requests use.
    public static let names = ["mean", "zero", "noise", "image_mean"]

    /// Reads `replace`, which is `mean` when absent, and the `seed` of noise, which is 0 when absent.
    public init(_ ablation: ProbeField) throws(ProbeError) {
        guard let field = ablation.member("replace") else {
            self = .mean
            return
        }
        switch try field.string() {
        case "mean": self = .mean
        case "zero": self = .zero
        case "image_mean": self = .imageMean
        case "noise": self = .noise(seed: try ablation.member("seed")?.integer() ?? 0)
        case let name:
            let names = Self.names.joined(separator: ", ")
            throw .unsupported(field.path, "\"\(name)\" is not supported; supported are \(names)")
        }
    }
}
