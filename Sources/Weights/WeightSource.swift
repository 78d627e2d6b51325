public import Tensors

/// Where a model's weights come from: files as they were published, files that were packed before, or a generator.
///
/// A model asks for tensors and linear layers by name and shape, and never learns which of them it has.
public protocol WeightSource: Sendable {
    /// The directory or file, for messages.
    var location: String { get }
    /// Sums over all tensors.
    var totals: CheckpointTotals { get }
    /// Whether a tensor of that name is there.
    func contains(_ name: String) -> Bool
    /// Whether any tensor's name begins with `prefix`.
    func contains(prefix: String) -> Bool
    /// The tensor of that name and shape.
    func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor
    /// The linear layer of those parts.
    func linear(_ parts: LinearParts, format: WeightFormat, compute: Compute) throws(WeightsError) -> Linear
    /// The format that linear layers get when `wanted` is asked for; nil leaves the choice to the source.
    func format(_ wanted: WeightFormat?) throws(WeightsError) -> WeightFormat
    /// Names of tensors that were never read, so that the caller can warn.
    func unused() -> [String]
}

extension WeightSource {
    /// A view of the tensors whose names begin with `prefix` and a dot; of all of them without one.
    public func scope(_ prefix: String = "") -> WeightScope {
        WeightScope(source: self, path: prefix)
    }

    /// Reads the parts and packs them.
    public func linear(_ parts: LinearParts, format: WeightFormat, compute: Compute) throws(WeightsError) -> Linear {
        var weights: [StoredTensor] = []
        for part in parts.parts { weights.append(try tensor(part.weightName, shape: [part.outputs] + parts.inputs)) }
        return Linear(weights, bias: try biases(parts), format: format, compute: compute)
    }

    /// The biases of the parts; nil if they have none.
    func biases(_ parts: LinearParts) throws(WeightsError) -> [StoredTensor]? {
        guard parts.hasBias else { return nil }
        var biases: [StoredTensor] = []
        for part in parts.parts { biases.append(try tensor(part.biasName, shape: [part.outputs])) }
        return biases
    }
}
