import Synchronization
import Tensors

/// Buffers of one step, shared by its layers and kept for the next step. They grow to the most rows asked for.
///
/// Unchecked because its content is written without a lock: `LlamaScratchStore` lends it to one step at a time.
final class LlamaScratch: @unchecked Sendable {
    /// Position of each row.
    var positions: [Int] = []
    /// What each chunk attends to.
    var groups: [AttentionGroup] = []

    private var rows = 0
    private var normedRows, queryKeyValueRows, contextRows, gateUpRows: Matrix

    fileprivate init(_ configuration: DecoderConfiguration) {
        let attentionWidth = configuration.heads * configuration.headDim
        let cacheWidth = configuration.keyValueHeads * configuration.headDim
        normedRows = Matrix(unwrittenRows: 0, columns: configuration.hiddenSize)
        queryKeyValueRows = Matrix(unwrittenRows: 0, columns: attentionWidth + 2 * cacheWidth)
        contextRows = Matrix(unwrittenRows: 0, columns: attentionWidth)
        gateUpRows = Matrix(unwrittenRows: 0, columns: 2 * configuration.intermediateSize)
    }

    /// Gives the matrices this many rows, whose content is unspecified.
    func resize(rows: Int) {
        self.rows = rows
        guard rows > normedRows.rows else { return }
        normedRows = Matrix(unwrittenRows: rows, columns: normedRows.columns)
        queryKeyValueRows = Matrix(unwrittenRows: rows, columns: queryKeyValueRows.columns)
        contextRows = Matrix(unwrittenRows: rows, columns: contextRows.columns)
        gateUpRows = Matrix(unwrittenRows: rows, columns: gateUpRows.columns)
    }

    var normed: Matrix { normedRows.rows(0..<rows) }
    var queryKeyValue: Matrix { queryKeyValueRows.rows(0..<rows) }
    var context: Matrix { contextRows.rows(0..<rows) }
    var gateUp: Matrix { gateUpRows.rows(0..<rows) }
}

/// Keeps the buffers of the last step. Steps that run at once each get their own.
final class LlamaScratchStore: Sendable {
    private let configuration: DecoderConfiguration
    private let spare = Mutex<LlamaScratch?>(nil)

    init(_ configuration: DecoderConfiguration) { self.configuration = configuration }

    /// Lends the buffers.
    func withScratch(_ body: (LlamaScratch) -> Void) {
        let scratch = spare.withLock { $0.take() } ?? LlamaScratch(configuration)
        body(scratch)
        spare.withLock { $0 = scratch }
    }
}
