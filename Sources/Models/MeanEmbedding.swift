public import Foundation
public import Tensors
import Weights

/// The mean of a model's image embeddings, over pictures and patches: what ablations put in place of tokens and
/// gradients start from.
public struct MeanEmbedding: Sendable {
    /// The file beside a checkpoint that holds it, as a tensor `mean_embedding` of `[hidden]`.
    public static let fileName = "mean_embedding.safetensors"
    static let tensorName = "mean_embedding"

    /// What is to be said where a model has none; `alternatives` can be used instead.
    public static func missing(or alternatives: String) -> String {
        "the model has no \(fileName); make one with: fovea mean-embedding --images DIR --model DIR, or use \(alternatives)"
    }

    /// Pictures so far.
    public private(set) var images = 0
    /// Patches so far.
    public private(set) var patches = 0
    private var sums: [Double]

    /// A mean over nothing yet, of embeddings of `width`.
    public init(width: Int) {
        sums = Array(repeating: 0, count: width)
    }

    /// Adds a picture's embeddings, `[patches, width]`, summed in f64.
    public mutating func add(_ embeddings: Matrix) {
        precondition(embeddings.columns == sums.count, "\(embeddings.columns) columns for \(sums.count)")
        for row in 0..<embeddings.rows {
            for (column, value) in embeddings.row(row).enumerated() { sums[column] += Double(value) }
        }
        images += 1
        patches += embeddings.rows
    }

    /// The mean; `nil` over nothing.
    public var values: [Float]? {
        patches > 0 ? sums.map { Float($0 / Double(patches)) } : nil
    }

    /// Writes it to a new file, with where it comes from as metadata.
    ///
    /// - Throws: `ModelError` if there is nothing to write, and whatever prevents the file.
    public func write(to file: URL, provenance: [String: String]) throws {
        guard let values else { throw ModelError("there is no mean over no pictures") }
        let own = [
            "what": "mean over images and patches of the projector's outputs, summed in f64",
            "images": "\(images)", "patches": "\(patches)",
        ]
        try SafetensorsWriter.write(
            values,
            shape: [values.count],
            name: Self.tensorName,
            metadata: own.merging(provenance) { own, _ in own },
            to: file.path
        )
    }
}
