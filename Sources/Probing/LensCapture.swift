public import Models
import Tensors

/// A resolved logit lens: states read through the head as they pass, a few rows at a time, so that the distributions of
/// all positions and layers never exist together.
public struct LensCapture: Sendable {
    /// States, ascending: 0 is the embedding, k follows block k.
    public let layers: [Int]
    /// Prompt positions, ascending.
    public let positions: [Int]
    private let topK: Int
    private let isNormed: Bool
    private let candidates: [Int]?
    private let target: Int?
    private let decoder: LlamaDecoder
    /// Hears of each layer's readings as soon as the last position is read, on the engine's thread.
    public var onLayer: (@Sendable (_ index: Int, LensRecord) -> Void)?

    /// Whether the last state is normed twice, as in code that takes the normed one for the block's output.
    public var normsLastStateTwice = false

    /// Rows whose distributions exist at one time.
    private static let rowsAtOnce = 32
    /// Scores that one request may ask for.
    private static let limit = 1 << 20

    /// Resolves a request; `candidates` are the ids of its vocabulary and `target` that of its target.
    public init(
        _ request: LensRequest,
        layout: PromptLayout,
        decoder: LlamaDecoder,
        candidates: [Int]?,
        target: Int?
    ) throws(ProbeError) {
        let states = decoder.configuration.layers + 1
        layers = try request.layers.resolved(count: states, parameter: "lens.layers")
        let set = try request.positions.resolved(in: layout, parameter: "lens.positions")
        positions = set.promptPositions
        guard !positions.isEmpty else { throw .unsupported("lens.positions", "selects no position of the prompt") }
        guard request.topK <= Self.limit / (layers.count * positions.count) else {
            throw .unsupported(
                "lens.top_k",
                "\(request.topK) words at \(layers.count) layers and \(positions.count) positions are more than "
                    + "\(Self.limit); take fewer of either"
            )
        }
        topK = request.topK
        isNormed = request.isNormed
        self.candidates = candidates
        self.target = target
        self.decoder = decoder
    }

    /// Reads the wanted ones of a step's states `[positions, hidden]`. Steps come in the order of positions.
    func read(_ states: Matrix, layer: Int, positions range: Range<Int>, into record: inout LensRecord) {
        guard let index = layers.firstIndex(of: layer) else { return }
        let wanted = positions.filter(range.contains)
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
        if record.top[index].count == positions.count, !wanted.isEmpty { onLayer?(index, record) }
    }

    /// The words that one state's logits stand for, and the target's probability.
    private func reading(_ logits: [Float]) -> (top: [TokenScore], target: Float?) {
        let distribution = TokenDistribution(logits: logits)
        let top = candidates.map { distribution.top(topK, among: $0) } ?? distribution.top(topK)
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

/// What a lens read.
public struct LensRecord: Sendable {
    /// `[layer][position]`: the likeliest tokens, best first.
    public internal(set) var top: [[[TokenScore]]]
    /// `[layer][position]`: the target's probability; empty without one.
    public internal(set) var targetProbability: [[Float]]
}
