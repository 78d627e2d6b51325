public import Models
public import Tensors

/// What an ablated token's embedding becomes.
public enum Replacement: String, Sendable, CaseIterable {
    /// The model's stored mean embedding.
    case mean
    /// Zeros.
    case zero
    /// The mean of the embeddings of the picture that the token belongs to.
    case imageMean = "image_mean"

    init(_ field: ProbeField) throws(ProbeError) {
        let name = try field.string()
        guard let replacement = Replacement(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unsupported(field.path, "\"\(name)\" is not supported; supported are \(names)")
        }
        self = replacement
    }
}

/// Positions whose input embedding is replaced, once, at prefill (P1's ablation).
public struct ResolvedAblation: Sendable, Equatable {
    /// Prompt positions, ascending.
    public let positions: [Int]
    /// What each becomes, `[hidden]`, in the order of `positions`.
    public let embeddings: [[Float]]

    /// An ablation of positions that are known by number; all get the same embedding.
    public init(positions: [Int], embedding: [Float]) {
        self.positions = positions
        embeddings = positions.map { _ in embedding }
    }

    /// Resolves an ablation against a prompt whose pictures have `images` as embeddings, `nil` for other interventions.
    public static func resolve(
        _ intervention: Intervention,
        layout: PromptLayout,
        images: [Matrix],
        model: VisionLanguageModel,
        parameter: String
    ) throws(ProbeError) -> ResolvedAblation? {
        guard case .tokenAblation(let tokens, let replacement) = intervention else { return nil }
        let set = try tokens.resolved(in: layout, parameter: "\(parameter).tokens")
        guard !set.generated else {
            throw .unsupported(
                "\(parameter).tokens",
                "generated tokens have no embedding to replace; name prompt positions"
            )
        }
        let positions = set.promptPositions
        switch replacement {
        case .zero:
            let width = model.decoder.configuration.hiddenSize
            return ResolvedAblation(positions: positions, embedding: Array(repeating: 0, count: width))
        case .mean:
            guard let mean = model.meanEmbedding else {
                throw .unsupported(
                    "\(parameter).replace",
                    MeanEmbedding.missing(or: "\"zero\" or \"image_mean\"")
                )
            }
            return ResolvedAblation(positions: positions, embedding: mean)
        case .imageMean:
            let means = images.map(columnMeans)
            var embeddings: [[Float]] = []
            for position in positions {
                guard let image = layout.images.firstIndex(where: { $0.positions.contains(position) }) else {
                    throw .unsupported(
                        "\(parameter).tokens",
                        "position \(position) is in no picture, so it has no image_mean"
                    )
                }
                embeddings.append(means[image])
            }
            return ResolvedAblation(positions: positions, embeddings: embeddings)
        }
    }

    // MARK: - Private

    private init(positions: [Int], embeddings: [[Float]]) {
        self.positions = positions
        self.embeddings = embeddings
    }

    /// Accumulated in f64.
    private static func columnMeans(_ matrix: Matrix) -> [Float] {
        var sums = [Double](repeating: 0, count: matrix.columns)
        for row in 0..<matrix.rows {
            for (column, value) in matrix.row(row).enumerated() { sums[column] += Double(value) }
        }
        return sums.map { Float($0 / Double(matrix.rows)) }
    }
}
