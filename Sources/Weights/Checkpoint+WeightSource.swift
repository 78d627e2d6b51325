internal import Foundation
public import Tensors

extension Checkpoint: WeightSource {
    /// The directory.
    public var location: String { directory.path }

    /// Whether a tensor of that name is there.
    public func contains(_ name: String) -> Bool { holds(name) }

    /// Whether any tensor's name begins with `prefix`.
    public func contains(prefix: String) -> Bool { holds(prefix: prefix) }

    /// The tensor of that name.
    ///
    /// - Throws: ``WeightsError`` naming tensor, expected and found, if it is not there, has another shape, or is not
    ///   stored as F32, F16 or BF16.
    public func tensor(_ name: String, shape: [Int]) throws(WeightsError) -> StoredTensor {
        guard let found = description(of: name) else {
            let nearest = neighbours(of: name).joined(separator: ", ")
            throw WeightsError(
                .missing,
                file: location,
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
        guard let tensor = tensor(name) else {
            throw WeightsError(
                .wrongType,
                file: found.path,
                tensor: name,
                "expected F32, F16 or BF16, found \(found.type.rawValue)"
            )
        }
        return tensor
    }

    /// What was asked for; else f32 below 200 M parameters, where it costs little, and what is stored above.
    public func format(_ wanted: WeightFormat?) -> WeightFormat {
        if let wanted { return wanted }
        let storesHalf = totals.elementTypes.keys.contains { $0 == "BF16" || $0 == "F16" }
        return totals.parameters < 200_000_000 || !storesHalf ? .f32 : .bf16
    }

    /// Names of tensors that were never read, but for the harmless ones.
    public func unused() -> [String] {
        unused(ignoring: Self.harmlessNames)
    }
}
