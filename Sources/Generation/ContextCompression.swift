import Foundation
public import Models
public import Probing

/// A compression resolved against one prompt: what its run records, and what is kept of it afterwards (P2's
/// re-prompting). The prompt is run and answered once; then each layer keeps its own image tokens.
public struct ContextCompression: Sendable {
    /// Attention that the run must record; `nil` if the choice needs none.
    public let capture: AttentionCapture?
    /// Norms that the run must record; `nil` if the choice needs none.
    public let norms: NormCapture?
    private let request: CompressionRequest
    private let prompt: PreparedPrompt
    private let imagePositions: [Int]
    private let count: Int
    private let layers: Int

    /// Resolves a request; `maxTokens` bounds the answer.
    public init(
        _ request: CompressionRequest,
        prompt: PreparedPrompt,
        shape: ProbeShape,
        maxTokens: Int
    ) throws(ProbeError) {
        imagePositions = prompt.layout.positions(named: "image") ?? []
        guard !imagePositions.isEmpty else { throw .unsupported("compress", "the prompt has no picture to compress") }
        count = try request.count(of: imagePositions.count)
        layers = shape.layers
        self.request = request
        self.prompt = prompt.withoutPictures
        var attention = AttentionRequest()
        switch request.select {
        case .generated:
            guard maxTokens > 0 else {
                throw .unsupported("compress.select", "\"generated\" needs an answer, but max_tokens is 0")
            }
        case .question: attention.rows = .named("last")
        case .norm, .random: break
        }
        let needsAttention = request.strategy != .text && [.generated, .question].contains(request.select)
        capture =
            needsAttention
            ? try AttentionCapture(attention, layout: prompt.layout, shape: shape, maxTokens: maxTokens) : nil
        norms =
            request.strategy != .text && request.select == .norm ? NormCapture(positions: imagePositions) : nil
    }

    /// What is left of a run that recorded what was asked for and kept its prompt's cache.
    public func context(of result: GenerationResult) throws(ProbeError) -> CompressedContext {
        guard let cache = result.promptCache else { preconditionFailure("the run kept no cache") }
        let kept = request.strategy == .text ? Array(repeating: [], count: layers) : try chosen(result)
        let text = request.strategy == .image ? [] : prompt.layout.tokens.map(\.position)
        return CompressedContext(
            prompt: prompt,
            cache: cache.keeping(kept.map { ($0 + text).sorted() }),
            kept: kept,
            tokensKept: count + text.count
        )
    }

    // MARK: - Private

    /// The chosen image positions, ascending, `[layer][…]`.
    private func chosen(_ result: GenerationResult) throws(ProbeError) -> [[Int]] {
        switch request.select {
        case .generated:
            let last = prompt.layout.length - 1
            let rows = result.attention.values.filter { $0.position - last < result.tokens.count }
            guard !rows.isEmpty else {
                throw .unsupported("compress.select", "\"generated\" needs an answer, but the model gave an empty one")
            }
            return best(attention: rows)
        case .question: return best(attention: Array(result.attention.values))
        case .norm: return (result.norms ?? []).prefix(layers).map { best($0.map(Double.init)) }
        case .random:
            var generator = SplitMix64(seed: UInt64(bitPattern: Int64(request.seed)))
            return (0..<layers).map { _ in generator.draw(count, from: imagePositions).sorted() }
        }
    }

    /// What each layer attended to most.
    private func best(attention rows: [AttentionRow]) -> [[Int]] {
        let ranking = AttentionRanking(rows, positions: imagePositions, layers: layers)
        return (0..<layers).map { ranking.top(count, of: imagePositions, layer: $0) }
    }

    /// The positions of the highest scores, ascending; of equals the earlier one.
    private func best(_ scores: [Double]) -> [Int] {
        scores.indicesOfHighest(count).map { imagePositions[$0] }
    }
}

/// A prompt of which a part of the keys and values is left, ready for further questions.
public struct CompressedContext: Sendable {
    /// The prompt, without its pictures' embeddings.
    public let prompt: PreparedPrompt
    /// What is left of its keys and values, at their original positions.
    public let cache: KeyValueCache
    /// Image positions that are left, ascending, `[layer][…]`.
    public let kept: [[Int]]
    /// Positions that each layer holds.
    public let tokensKept: Int

    /// Positions of the prompt.
    public var tokensFull: Int { prompt.layout.length }

    /// Refuses interventions on positions that are not computed any more.
    public func check(_ interventions: ResolvedInterventions) throws(ProbeError) {
        guard let first = interventions.firstAffectedPosition, first < tokensFull else { return }
        throw .unsupported(
            "interventions",
            "act on position \(first); positions below \(tokensFull) belong to the context and are not computed again: "
                + "act on \"question\", \"last\" or \"generated\""
        )
    }
}

extension PreparedPrompt {
    /// The same for a run that has passed its pictures.
    fileprivate var withoutPictures: PreparedPrompt {
        PreparedPrompt(layout: layout, ids: ids, images: [], answerPrefix: [])
    }
}
