internal import Foundation
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
    private let checkpoint: Checkpoint

    init(checkpoint: Checkpoint, path: String) {
        self.checkpoint = checkpoint
        self.path = path
    }

    /// The scope one or more dotted names further down. It need not hold anything.
    public func scope(_ name: String) -> WeightScope {
        WeightScope(checkpoint: checkpoint, path: full(name))
    }

    /// The first of several scopes that holds a tensor: published checkpoints name the same part in different ways.
    ///
    /// - Throws: ``WeightsError`` with code `missing` if none does.
    public func scope(firstOf names: [String]) throws(WeightsError) -> WeightScope {
        guard let name = names.first(where: { checkpoint.contains(prefix: full($0) + ".") }) else {
            let candidates = names.map { "'\(full($0)).'" }.joined(separator: ", ")
            throw WeightsError(.missing, file: checkpoint.directory.path, "no tensor's name begins with \(candidates)")
        }
        return scope(name)
    }

    /// Whether a tensor of that name is there.
    public func has(_ name: String) -> Bool {
        checkpoint.contains(full(name))
    }

    /// The tensor of that name.
    ///
    /// - Throws: ``WeightsError`` naming tensor, expected and found, if it is not there, has another shape, or is not
    ///   stored as F32, F16 or BF16.
    public func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor {
        let name = full(name)
        guard let found = checkpoint.description(of: name) else {
            let nearest = checkpoint.neighbours(of: name).joined(separator: ", ")
            throw WeightsError(
                .missing,
                file: checkpoint.directory.path,
                tensor: name,
                "expected shape \(shape), found no such tensor; nearest names: \(nearest)"
            )
        }
        guard found.shape == shape else {
            throw WeightsError(
                .wrongShape,
                file: found.path,
                tensor: name,
                "expected shape \(shape), found \(found.shape): does config.json belong to these weights?"
            )
        }
        guard let tensor = checkpoint.tensor(name) else {
            throw WeightsError(
                .wrongType,
                file: found.path,
                tensor: name,
                "expected F32, F16 or BF16, found \(found.type.rawValue)"
            )
        }
        return tensor
    }

    /// The tensor of that name, or nothing if it is not there.
    ///
    /// - Throws: ``WeightsError`` if it is there, but with another shape or a number format that cannot be read.
    public func optionalTensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor? {
        has(name) ? try tensor(name, shape: shape) : nil
    }

    // MARK: - Private

    private func full(_ name: String) -> String {
        path.isEmpty ? name : name.isEmpty ? path : "\(path).\(name)"
    }
}
