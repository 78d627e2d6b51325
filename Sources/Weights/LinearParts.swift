/// A linear layer as a model names it: matrices with equal inputs, stacked along their outputs.
public struct LinearParts: Sendable, Equatable {
    /// One of the matrices.
    public struct Part: Sendable, Equatable {
        /// The full name without `.weight` or `.bias`.
        public let name: String
        /// Rows.
        public let outputs: Int

        var weightName: String { "\(name).weight" }
        var biasName: String { "\(name).bias" }
    }

    /// The matrices, in the order of their outputs; never empty.
    public let parts: [Part]
    /// What a row's dimensions are: one number, or several for a convolution.
    public let inputs: [Int]
    /// Whether every part has a bias.
    public let hasBias: Bool

    init(_ parts: [Part], inputs: [Int], hasBias: Bool) {
        precondition(!parts.isEmpty, "a linear layer without parts")
        self.parts = parts
        self.inputs = inputs
        self.hasBias = hasBias
    }

    /// Columns of the stacked matrix.
    public var inputCount: Int { inputs.reduce(1, *) }
    /// Rows of the stacked matrix.
    public var outputCount: Int { parts.reduce(0) { $0 + $1.outputs } }
}
