public import Tensors

/// Reads tensors below a prefix with the shapes the model expects.
///
/// ```swift
/// let layer = try text.scope("layers.3")
/// let query = try layer.tensor("self_attn.q_proj.weight", shape: [heads * headDim, hidden])
/// ```
public struct WeightScope: Sendable {
    /// The prefix, without a dot at its end; empty for the whole checkpoint.
    public let path: String
    private let source: any WeightSource

    init(source: any WeightSource, path: String) {
        self.source = source
        self.path = path
    }

    /// The scope one or more dotted names further down. It need not hold anything.
    public func scope(_ name: String) -> WeightScope {
        WeightScope(source: source, path: full(name))
    }

    /// The first of several scopes that holds a tensor: published checkpoints name the same part in different ways.
    ///
    /// - Throws: ``WeightsError`` with code `missing` if none does.
    public func scope(firstOf names: [String]) throws(WeightsError) -> WeightScope {
        guard let name = names.first(where: { source.contains(prefix: full($0) + ".") }) else {
            let candidates = names.map { "'\(full($0)).'" }.joined(separator: ", ")
            throw WeightsError(.missing, file: source.location, "no tensor's name begins with \(candidates)")
        }
        return scope(name)
    }

    /// Whether a tensor of that name is there.
    public func has(_ name: String) -> Bool {
        source.contains(full(name))
    }

    /// The tensor of that name.
    ///
    /// - Throws: ``WeightsError`` naming tensor, expected and found, if it is not there, has another shape, or is not
    ///   stored as F32, F16 or BF16.
    public func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor {
        try source.tensor(full(name), shape: shape)
    }

    /// The linear layer y = x Wᵀ + b whose outputs are those of `layers` side by side. Each is the tensor `name.weight`
    /// of shape [outputs] + inputs and, with `bias`, the vector `name.bias`; an empty name is the scope itself.
    ///
    /// - Throws: ``WeightsError`` as `tensor` does, or with code `wrongPacking`.
    public func linear(
        _ layers: [(name: String, outputs: Int)],
        inputs: [Int],
        bias: Bool,
        format: WeightFormat,
        compute: Compute
    ) throws(WeightsError) -> Linear {
        let parts = LinearParts(
            layers.map { LinearParts.Part(name: full($0.name), outputs: $0.outputs) },
            inputs: inputs,
            hasBias: bias
        )
        return try source.linear(parts, format: format, compute: compute)
    }

    // MARK: - Private

    private func full(_ name: String) -> String {
        path.isEmpty ? name : name.isEmpty ? path : "\(path).\(name)"
    }
}
