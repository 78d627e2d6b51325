import Foundation
import Tensors
import Testing

@testable import Weights

/// The arrays of one safetensors file, by name.
struct FixtureArrays: Sendable {
    private let path: String
    private let tensors: [String: StoredTensor]

    init(_ file: URL) throws {
        path = file.path
        let file = try SafetensorsFile(path: path)
        tensors = Dictionary(
            uniqueKeysWithValues: file.entries.compactMap { entry in file.tensor(entry).map { (entry.name, $0) } }
        )
    }

    func has(_ name: String) -> Bool { tensors[name] != nil }

    func callAsFunction(_ name: String) throws -> (shape: [Int], values: [Float]) {
        let tensor = try #require(tensors[name], "\(path) has no array \(name)")
        return (tensor.shape, tensor.floats())
    }
}
