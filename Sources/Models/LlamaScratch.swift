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
    /// First position of each chunk.
    var starts: [Int] = []

    private(set) var normed, queryKeyValue, context, neurons: Matrix
    private var normedRows, queryKeyValueRows, contextRows, neuronsRows: GrowingMatrix

    fileprivate init(_ configuration: DecoderConfiguration) {
        let attentionWidth = configuration.heads * configuration.headDim
        let cacheWidth = configuration.keyValueHeads * configuration.headDim
        normedRows = GrowingMatrix(columns: configuration.hiddenSize)
        queryKeyValueRows = GrowingMatrix(columns: attentionWidth + 2 * cacheWidth)
        contextRows = GrowingMatrix(columns: attentionWidth)
        neuronsRows = GrowingMatrix(columns: configuration.intermediateSize)
        (normed, queryKeyValue) = (normedRows.rows(0), queryKeyValueRows.rows(0))
        (context, neurons) = (contextRows.rows(0), neuronsRows.rows(0))
    }

    /// Gives the matrices this many rows, whose content is unspecified.
    func resize(rows: Int) {
        (normed, queryKeyValue) = (normedRows.rows(rows), queryKeyValueRows.rows(rows))
        (context, neurons) = (contextRows.rows(rows), neuronsRows.rows(rows))
    }

    /// Rows of hidden size alone, whose content is unspecified.
    func hidden(rows: Int) -> Matrix { normedRows.rows(rows) }
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
