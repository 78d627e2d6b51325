import Tensors

/// Attention traced back through the layers to the tokens that entered the decoder: attention rollout (Abnar and Zuidema
/// 2020, arXiv 2005.00928).
///
/// R_l = ½ (A_l + I) · R_{l-1}, where A_l is a layer's attention, mean over heads, and R_{-1} = I. Row p of R_l needs all
/// rows before it of R_{l-1}, so every row of all layers but the last is kept: L · T² / 2 numbers. A row's numbers do not
/// depend on the steps in which rows come.
struct AttentionRollout: Sendable {
    /// R_0 … R_{last-1}.
    private var layers: [LowerTriangle]

    /// Rolls attention out up to layer `last`.
    init(last: Int) {
        layers = Array(repeating: LowerTriangle(), count: last)
    }

    /// Numbers that a run of `positions` positions keeps.
    static func numberCount(last: Int, positions: Int) -> Int {
        last * LowerTriangle.numberCount(rows: positions)
    }

    /// The next row of R_`layer`, `[keys]`, from that row's attention, mean over heads. A layer's rows come in the order of
    /// positions, from the first one on, and after the same rows of the layer before it.
    mutating func extend(_ mean: [Float], layer: Int) -> [Float] {
        var row = mean
        row[row.count - 1] += 1
        if layer > 0 { row = layers[layer - 1].combined(row) }
        for column in row.indices { row[column] *= 0.5 }
        if layer < layers.count { layers[layer].append(row) }
        return row
    }
}
