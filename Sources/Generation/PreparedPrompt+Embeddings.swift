public import Models
public import Tensors

extension PreparedPrompt {
    /// What the decoder reads: word embeddings, and those of the pictures in their places, `[positions, hidden]`.
    public func embeddings(_ decoder: LlamaDecoder) -> Matrix {
        let rows = Matrix(rows: ids.count, columns: decoder.configuration.hiddenSize)
        embed(ids.indices, into: rows, decoder: decoder)
        return rows
    }

    /// Writes the embeddings of some positions into `rows`.
    func embed(_ positions: Range<Int>, into rows: Matrix, decoder: LlamaDecoder) {
        decoder.embed(Array(ids[positions]), into: rows)
        for (placement, embeddings) in zip(layout.images, images) {
            let overlap = placement.positions.clamped(to: positions)
            guard !overlap.isEmpty else { continue }
            let (first, start) = (placement.positions.lowerBound, positions.lowerBound)
            rows.rows(overlap.lowerBound - start..<overlap.upperBound - start).copy(
                from: embeddings.rows(overlap.lowerBound - first..<overlap.upperBound - first)
            )
        }
    }
}
