public import Models
import Tensors

/// A resolved logit lens: states read through the head as they pass, a few rows at a time, so that the distributions of
/// all positions and layers never exist together.
public struct LensCapture: Sendable {
    /// States, ascending: 0 is the embedding, k follows block k.
    public let layers: [Int]
    /// Prompt positions, ascending.
    public let positions: [Int]
    /// Whether rows of decode steps are read too.
    public let readsAnswer: Bool
    /// Words reported for each state.
    public let wordCount: Int
    private let wanted: PositionSet
    private let isNormed: Bool
    private let candidates: [Int]?
    private let target: Int?
    private let decoder: LlamaDecoder
    /// Hears of readings as soon as they are complete, on the engine's thread.
    public var onReading: (@Sendable (LensReading) -> Void)?

    /// Whether the last state is normed twice, as in code that takes the normed one for the block's output.
    public var normsLastStateTwice = false

    /// Rows whose distributions exist at one time.
    private static let rowsAtOnce = 32
    /// Scores that one request may ask for.
    private static let limit = 1 << 20

    /// Resolves a request; `candidates` are the ids of its vocabulary and `target` that of its target. `maxTokens` bounds
    /// the positions that decoding adds.
    public init(
        _ request: LensRequest,
        layout: PromptLayout,
        decoder: LlamaDecoder,
        candidates: [Int]?,
        target: Int?,
        maxTokens: Int = 0
    ) throws(ProbeError) {
        layers = try request.layers.resolved(count: decoder.configuration.layers + 1, parameter: "lens.layers")
        wanted = try request.positions.resolved(in: layout, parameter: "lens.positions")
        positions = wanted.promptPositions
        readsAnswer = wanted.generated
        wordCount = min(request.topK, candidates?.count ?? decoder.configuration.vocabularySize)
        isNormed = request.isNormed
        self.candidates = candidates
        self.target = target
        self.decoder = decoder
        let states = stateCount(maxTokens: maxTokens)
        guard request.topK <= Self.limit / max(states, 1) else {
            throw .unsupported(
                "lens.top_k",
                "\(request.topK) words at \(layers.count) layers and up to \(states / layers.count) positions are more "
                    + "than \(Self.limit); take fewer of either\(readsAnswer ? ", or a lower max_tokens" : "")"
            )
        }
    }

    /// States that a run of `maxTokens` tokens has read at most; its last token passes through no layer.
    public func stateCount(maxTokens: Int) -> Int {
        layers.count * (positions.count + (readsAnswer ? max(0, maxTokens - 1) : 0))
    }

    /// Reads the wanted ones of a step's states `[positions, hidden]`. Steps come in the order of positions.
    func read(_ states: Matrix, layer: Int, positions range: Range<Int>, into record: inout LensRecord) {
        guard let index = layers.firstIndex(of: layer) else { return }
        let wanted = range.filter(self.wanted.contains)
        guard let first = wanted.first else { return }
        if index == 0 { record.positions += wanted }
        for start in stride(from: 0, to: wanted.count, by: Self.rowsAtOnce) {
            let part = wanted[start..<min(start + Self.rowsAtOnce, wanted.count)]
            let rows = Matrix(rows: part.count, columns: states.columns)
            for (row, position) in part.enumerated() {
                rows.setRow(row, states.row(position - range.lowerBound))
            }
            let isLast = layer == decoder.configuration.layers
            let states = isLast && normsLastStateTwice ? decoder.finalNormed(rows) : rows
            let logits = decoder.logits(states, normed: isNormed)
            let readings = decoder.pool.map(part.count) { row in reading(logits.row(row)) }
            record.top[index] += readings.map(\.top)
            if target != nil { record.targetProbability[index] += readings.compactMap(\.target) }
        }
        report(index, first: first, record)
    }

    /// Says what has become complete: a layer with the last of the prompt's positions, a position of the answer with the
    /// last layer.
    private func report(_ index: Int, first: Int, _ record: LensRecord) {
        guard let onReading else { return }
        if first < wanted.prompt.count {
            guard record.top[index].count == positions.count else { return }
            let target = target.map { _ in record.targetProbability[index] }
            onReading(.layer(index, top: record.top[index], target: target))
        } else if index == layers.count - 1 {
            let target = target.map { _ in record.targetProbability.compactMap(\.last) }
            onReading(.position(first, top: record.top.compactMap(\.last), target: target))
        }
    }

    /// The words that one state's logits stand for, and the target's probability.
    private func reading(_ logits: [Float]) -> (top: [TokenScore], target: Float?) {
        let distribution = TokenDistribution(logits: logits)
        let top = candidates.map { distribution.top(wordCount, among: $0) } ?? distribution.top(wordCount)
        return (top, target.map { distribution[$0].probability })
    }

    /// A record with nothing read yet.
    var emptyRecord: LensRecord {
        LensRecord(
            top: Array(repeating: [], count: layers.count),
            targetProbability: target == nil ? [] : Array(repeating: [], count: layers.count)
        )
    }
}

/// Readings that belong together, as they become complete.
public enum LensReading: Sendable {
    /// The layer with this place among the capture's: the likeliest tokens and the target's probability at each of the
    /// prompt's positions.
    case layer(Int, top: [[TokenScore]], target: [Float]?)
    /// A position of the answer: the same at each layer.
    case position(Int, top: [[TokenScore]], target: [Float]?)
}

/// What a lens read.
public struct LensRecord: Sendable {
    /// The positions that were read, ascending.
    public internal(set) var positions: [Int] = []
    /// `[layer][position]`: the likeliest tokens, best first.
    public internal(set) var top: [[[TokenScore]]]
    /// `[layer][position]`: the target's probability; empty without one.
    public internal(set) var targetProbability: [[Float]]
}
