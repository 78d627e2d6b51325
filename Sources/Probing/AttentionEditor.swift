import Tensors

/// Turns resolved knockouts into the kernel's edits for a step's rows.
///
/// Rows whose edges are untouched keep index -1 and run as if there were no probe; a layer in which no row is touched
/// has no edits at all.
struct AttentionEditor {
    private let heads: Int
    /// The knockouts of each layer, each with the heads it acts on as flags.
    private let byLayer: [[(knockout: ResolvedKnockout, onHead: [Bool])]]

    init(_ knockouts: [ResolvedKnockout], shape: ProbeShape) {
        heads = shape.heads
        var byLayer = Array(repeating: [(knockout: ResolvedKnockout, onHead: [Bool])](), count: shape.layers)
        for knockout in knockouts {
            var onHead = [Bool](repeating: false, count: shape.heads)
            for head in knockout.heads { onHead[head] = true }
            for layer in knockout.layers { byLayer[layer].append((knockout, onHead)) }
        }
        self.byLayer = byLayer
    }

    /// The edits for the rows at `positions` of a layer whose rows see at most `keyCount` keys; `nil` for none.
    func edits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        let knockouts = byLayer[layer]
        guard positions.contains(where: { position in knockouts.contains { $0.knockout.receivers.contains(position) } })
        else { return nil }
        var bias = EdgeVectors(mode: .preSoftmax, keyCount: keyCount)
        var factor = EdgeVectors(mode: .postSoftmax, keyCount: keyCount)
        for position in positions {
            let active = knockouts.filter { $0.knockout.receivers.contains(position) }
            let coversAllHeads = active.allSatisfy { !$0.onHead.contains(false) }
            for head in 0..<heads {
                if head > 0, coversAllHeads {
                    bias.repeatLast()
                    factor.repeatLast()
                } else {
                    let onHead = active.filter { $0.onHead[head] }.map(\.knockout)
                    bias.append(onHead)
                    factor.append(onHead)
                }
            }
        }
        return AttentionEdits(
            bias: bias.vectors,
            factor: factor.vectors,
            biasIndex: bias.vectors.isEmpty ? [] : bias.indices,
            factorIndex: factor.vectors.isEmpty ? [] : factor.indices
        )
    }
}

/// Per-key vectors, one for each distinct set of blocked keys, and the index of each row and head into them.
private struct EdgeVectors {
    private let mode: KnockoutMode
    private let keyCount: Int
    private(set) var vectors: [[Float]] = []
    private(set) var indices: [Int32] = []
    private var known: [[Float]: Int32] = [:]
    private var lastSources: [PositionSet] = []

    init(mode: KnockoutMode, keyCount: Int) {
        self.mode = mode
        self.keyCount = keyCount
    }

    /// The next row and head, which loses the sources of those among `active` that have this mode.
    mutating func append(_ active: [ResolvedKnockout]) {
        let sources = active.filter { $0.mode == mode }.map(\.sources)
        if !indices.isEmpty, sources == lastSources { return repeatLast() }
        lastSources = sources
        indices.append(sources.isEmpty ? -1 : index(of: vector(blocking: sources)))
    }

    /// The next row and head, which loses what the one before it lost.
    mutating func repeatLast() {
        indices.append(indices[indices.count - 1])
    }

    // MARK: - Private

    private func vector(blocking sources: [PositionSet]) -> [Float] {
        let (untouched, blocked): (Float, Float) = mode == .preSoftmax ? (0, -.infinity) : (1, 0)
        return (0..<keyCount).map { key in sources.contains { $0.contains(key) } ? blocked : untouched }
    }

    private mutating func index(of vector: [Float]) -> Int32 {
        if let index = known[vector] { return index }
        vectors.append(vector)
        let index = Int32(vectors.count - 1)
        known[vector] = index
        return index
    }
}
