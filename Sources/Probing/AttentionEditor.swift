import Foundation
import Tensors

/// Turns changes of edges into the kernel's edits for a step's rows.
///
/// Rows whose edges are untouched keep index -1 and run as if there were no probe; a layer in which no row is touched
/// has no edits at all.
struct AttentionEditor {
    private let heads: Int
    /// The changes of each layer, each with the heads it acts on as flags.
    private let byLayer: [[(edit: EdgeEdit, onHead: [Bool])]]

    init(_ edits: [EdgeEdit], shape: ProbeShape) {
        heads = shape.heads
        var byLayer = Array(repeating: [(edit: EdgeEdit, onHead: [Bool])](), count: shape.layers)
        for edit in edits {
            var onHead = [Bool](repeating: false, count: shape.heads)
            for head in edit.heads { onHead[head] = true }
            for layer in edit.layers { byLayer[layer].append((edit, onHead)) }
        }
        self.byLayer = byLayer
    }

    /// The edits for the rows at `positions` of a layer whose rows see at most `keyCount` keys; `nil` for none.
    func edits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        let edits = byLayer[layer]
        guard positions.contains(where: { position in edits.contains { $0.edit.receivers.contains(position) } })
        else { return nil }
        var bias = EdgeVectors(mode: .preSoftmax, keyCount: keyCount)
        var factor = EdgeVectors(mode: .postSoftmax, keyCount: keyCount)
        for position in positions {
            let active = edits.filter { $0.edit.receivers.contains(position) }
            let coversAllHeads = active.allSatisfy { !$0.onHead.contains(false) }
            for head in 0..<heads {
                if head > 0, coversAllHeads {
                    bias.repeatLast()
                    factor.repeatLast()
                } else {
                    let onHead = active.filter { $0.onHead[head] }.map(\.edit)
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

/// Per-key vectors, one for each distinct combination of changes, and the index of each row and head into them.
private struct EdgeVectors {
    private let mode: KnockoutMode
    private let keyCount: Int
    private(set) var vectors: [[Float]] = []
    private(set) var indices: [Int32] = []
    private var known: [[Float]: Int32] = [:]
    private var last: [EdgeEdit] = []

    init(mode: KnockoutMode, keyCount: Int) {
        self.mode = mode
        self.keyCount = keyCount
    }

    /// The next row and head, whose keys change as those among `active` that have this mode say.
    mutating func append(_ active: [EdgeEdit]) {
        let edits = active.filter { $0.mode == mode }
        if !indices.isEmpty, edits == last { return repeatLast() }
        last = edits
        indices.append(edits.isEmpty ? -1 : index(of: vector(edits)))
    }

    /// The next row and head, which change like the one before.
    mutating func repeatLast() {
        indices.append(indices[indices.count - 1])
    }

    // MARK: - Private

    /// The product of all factors that apply to a key, or the sum of their logarithms.
    private func vector(_ edits: [EdgeEdit]) -> [Float] {
        var vector = [Float](repeating: mode == .preSoftmax ? 0 : 1, count: keyCount)
        for edit in edits {
            let bias = log(edit.factor)
            for key in 0..<keyCount where edit.sources.contains(key) {
                if mode == .preSoftmax { vector[key] += bias } else { vector[key] *= edit.factor }
            }
        }
        return vector
    }

    private mutating func index(of vector: [Float]) -> Int32 {
        if let index = known[vector] { return index }
        vectors.append(vector)
        let index = Int32(vectors.count - 1)
        known[vector] = index
        return index
    }
}
