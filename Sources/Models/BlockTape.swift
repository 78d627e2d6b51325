import Tensors

/// What a block's backward pass needs to know of its forward pass over sequences of equal length.
struct BlockTape {
    /// Rotated queries, rotated keys and values side by side.
    let queryKeyValue: Matrix
    /// The residual stream between attention and MLP.
    let middle: Matrix
    /// The gate before its activation, and what it multiplies, side by side.
    let gateUp: Matrix

    private let configuration: DecoderConfiguration

    init(_ configuration: DecoderConfiguration, rows: Int) {
        self.configuration = configuration
        queryKeyValue = Matrix(rows: rows, columns: configuration.queryKeyValueWidth)
        middle = Matrix(rows: rows, columns: configuration.hiddenSize)
        gateUp = Matrix(rows: rows, columns: 2 * configuration.intermediateSize)
    }

    var gate: Matrix { gateUp.columns(0..<configuration.intermediateSize) }
    var up: Matrix { gateUp.columns(configuration.intermediateSize..<2 * configuration.intermediateSize) }

    /// Where the values of a site are kept; `nil` for sites that are not needed.
    func place(of site: BlockSite) -> Matrix? {
        let queries = configuration.heads * configuration.headDim
        let keys = configuration.keyValueHeads * configuration.headDim
        return switch site {
        case .rotatedQuery: queryKeyValue.columns(0..<queries)
        case .rotatedKey: queryKeyValue.columns(queries..<queries + keys)
        case .value: queryKeyValue.columns(queries + keys..<queries + 2 * keys)
        case .residualMid: middle
        case .gate: gate
        case .up: up
        default: nil
        }
    }
}

/// Writes one sequence's part of a tape, and edits attention as another probe says.
final class TapeHooks: DecoderHooks {
    private let tape: BlockTape?
    private let rows: Range<Int>
    private let edges: (any DecoderHooks)?

    init(_ tape: BlockTape?, rows: Range<Int>, edges: (any DecoderHooks)?) {
        self.tape = tape
        self.rows = rows
        self.edges = edges
    }

    func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        edges?.attentionEdits(layer: layer, positions: positions, keyCount: keyCount)
    }

    func wants(_ site: BlockSite, layer: Int) -> Bool { tape?.place(of: site) != nil }

    func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>) {
        tape?.place(of: site)?.rows(rows).copy(from: values)
    }
}

extension DecoderConfiguration {
    /// Columns of queries, keys and values side by side.
    var queryKeyValueWidth: Int { (heads + 2 * keyValueHeads) * headDim }
}
