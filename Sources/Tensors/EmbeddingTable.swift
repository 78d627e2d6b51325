/// Rows of a stored tensor, looked up by index and converted on demand; nothing is copied at load.
public final class EmbeddingTable: Sendable {
    /// Number of entries.
    public let rows: Int
    /// Values of an entry.
    public let columns: Int

    private let tensor: StoredTensor

    /// Wraps a [rows, columns] tensor.
    public init(_ tensor: StoredTensor) {
        precondition(tensor.shape.count == 2, "\(tensor.name): an embedding table has two dimensions")
        self.tensor = tensor
        rows = tensor.shape[0]
        columns = tensor.shape[1]
    }

    /// Writes entry ids[i] to row i of `destination`. Every id must be in 0..<rows.
    public func gather(_ ids: [Int], into destination: Matrix) {
        precondition(destination.rows == ids.count, "gather into another shape")
        for (i, id) in ids.enumerated() { read(id, into: destination.rows(i..<i + 1)) }
    }

    /// Writes one entry to a row. `id` must be in 0..<rows.
    public func read(_ id: Int, into row: Matrix) {
        precondition(row.rows == 1 && row.columns == columns, "an entry into another shape")
        precondition(id >= 0 && id < rows, "\(tensor.name): entry \(id) of \(rows)")
        row.withRow(0) { row in
            guard let base = row.baseAddress else { return }
            tensor.read(id * columns..<(id + 1) * columns, into: base)
        }
    }
}
