import Tensors

/// What a block's backward pass needs to know of its forward pass over sequences of equal length.
final class BlockTape {
    /// Rotated queries, rotated keys and values side by side.
    let queryKeyValue: Matrix
    /// The residual stream between attention and MLP.
    let middle: Matrix
    /// The gate before its activation, and what it multiplies, side by side.
    let gateUp: Matrix

    private let configuration: DecoderConfiguration
    /// The ways back through changes, each with the rows it is for.
    private var pullbacks: [BlockSite: [(rows: Range<Int>, pullback: Pullback)]] = [:]

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
        switch site {
        case .rotatedQuery, .rotatedKey, .value: projection(site, in: queryKeyValue)
        case .residualMid: middle
        case .gate: gate
        case .up: up
        default: nil
        }
    }

    /// The columns of a site, rotated or not, in a matrix of queries, keys and values side by side.
    func projection(_ site: BlockSite, in matrix: Matrix) -> Matrix {
        let queries = configuration.heads * configuration.headDim
        let keys = configuration.keyValueHeads * configuration.headDim
        return switch site {
        case .query, .rotatedQuery: matrix.columns(0..<queries)
        case .key, .rotatedKey: matrix.columns(queries..<queries + keys)
        case .value: matrix.columns(queries + keys..<queries + 2 * keys)
        default: preconditionFailure("\(site.rawValue) is no projection")
        }
    }

    /// Keeps the way back through a change at a site.
    func keep(_ pullback: @escaping Pullback, at site: BlockSite, rows: Range<Int>) {
        pullbacks[site, default: []].append((rows, pullback))
    }

    /// Turns gradients of what left a site into gradients of what came to it, in place.
    func pullBack(_ gradients: Matrix, at site: BlockSite) {
        for (rows, pullback) in pullbacks[site] ?? [] { pullback(gradients.rows(rows)) }
    }

    /// The same beside `gradients`, which stay as they are: of what is added to the residual stream.
    func pulledBack(_ gradients: Matrix, at site: BlockSite) -> Matrix {
        guard pullbacks[site] != nil else { return gradients }
        let copy = Matrix(unwrittenRows: gradients.rows, columns: gradients.columns)
        copy.copy(from: gradients)
        pullBack(copy, at: site)
        return copy
    }
}

/// Writes one sequence's part of a tape, and changes what other hooks change.
final class TapeHooks: DecoderHooks {
    private let tape: BlockTape?
    private let rows: Range<Int>
    private let changes: (any DifferentiableHooks)?

    init(_ tape: BlockTape?, rows: Range<Int>, changes: (any DifferentiableHooks)?) {
        self.tape = tape
        self.rows = rows
        self.changes = changes
    }

    func attentionEdits(layer: Int, positions: Range<Int>, keyCount: Int) -> AttentionEdits? {
        changes?.attentionEdits(layer: layer, positions: positions, keyCount: keyCount)
    }

    func wants(_ site: BlockSite, layer: Int) -> Bool {
        tape?.place(of: site) != nil || changes?.wants(site, layer: layer) == true
    }

    func visit(_ values: Matrix, at site: BlockSite, layer: Int, positions: Range<Int>) {
        let pullback = changes?.change(values, at: .block(layer, site), positions: positions)
        if let pullback { tape?.keep(pullback, at: site, rows: rows) }
        tape?.place(of: site)?.rows(rows).copy(from: values)
    }
}

extension DecoderConfiguration {
    /// Columns of queries, keys and values side by side.
    var queryKeyValueWidth: Int { (heads + 2 * keyValueHeads) * headDim }
}
