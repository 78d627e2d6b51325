import Foundation
import Models
import Tensors
import Weights

/// The model that is measured, and where its files are.
struct BenchmarkSubject {
    let name: String
    let directory: URL
    let hasDecoder: Bool
    let hasVision: Bool
    /// Where the weights come from if not from the directory.
    private let weights: (any WeightSource)?
    /// Keeps a temporary directory.
    private let files: ShapeDirectory?

    init(_ options: BenchmarkOptions) throws {
        switch options.subject {
        case .shape(let shape):
            let files = try ShapeDirectory(shape)
            name = shape.rawValue
            directory = files.url
            hasDecoder = shape.hasDecoder
            hasVision = shape.hasVision
            weights = RandomWeights()
            self.files = files
        case .model(let url):
            name = url.lastPathComponent
            directory = url
            hasDecoder = true
            hasVision = true
            weights = nil
            files = nil
        }
    }

    func load(_ options: BenchmarkOptions) throws -> VisionLanguageModel {
        var loading = options.loading
        // What `auto` means for a small model.
        if case .shape(.tiny) = options.subject, loading.format == nil { loading.format = .f32 }
        return try withExtendedLifetime(files) {
            try VisionLanguageModel.load(directory, weights: weights, options: loading)
        }
    }
}
