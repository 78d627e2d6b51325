import Models
import Tensors

/// What one pass of the decoder takes and gives: its arrays and matrices serve the next pass.
struct StepBatch {
    /// A run whose last row decides a token, and that row.
    typealias Deciding = (run: GenerationRun, row: Int)

    private(set) var chunks: [DecoderChunk] = []
    private(set) var states: Matrix
    private(set) var deciding: [Deciding] = []
    private var entering: [(run: GenerationRun, rows: Int)] = []
    private var stateRows, lastRows, logitRows: GrowingMatrix

    init(_ configuration: DecoderConfiguration) {
        stateRows = GrowingMatrix(columns: configuration.hiddenSize)
        lastRows = GrowingMatrix(columns: configuration.hiddenSize)
        logitRows = GrowingMatrix(columns: configuration.vocabularySize)
        states = stateRows.rows(0)
    }

    /// A run's next rows take part in the pass.
    mutating func add(_ run: GenerationRun, rows: Int) { entering.append((run, rows)) }

    /// The runs' next rows as the decoder takes them, with their embeddings; `false` if there are none.
    mutating func gather(decoder: LlamaDecoder) -> Bool {
        // Rows that enter at a later layer join the batch behind the others.
        entering.sort { $0.run.firstLayer < $1.run.firstLayer }
        states = stateRows.rows(entering.reduce(0) { $0 + $1.rows })
        for (run, count) in entering {
            let start = chunks.last?.rows.upperBound ?? 0
            run.embed(into: states.rows(start..<start + count), decoder: decoder)
            let rows = start..<start + count
            chunks.append(DecoderChunk(rows: rows, sequence: run.sequence, firstLayer: run.firstLayer))
        }
        return !entering.isEmpty
    }

    /// After the pass: the next-token logits of the runs whose last row decides a token, `[deciding, vocabulary]`.
    mutating func decide(decoder: LlamaDecoder) -> Matrix {
        for ((run, _), chunk) in zip(entering, chunks) where run.needsLogits {
            deciding.append((run, chunk.rows.upperBound - 1))
        }
        let (last, logits) = (lastRows.rows(deciding.count), logitRows.rows(deciding.count))
        for (index, item) in deciding.enumerated() {
            last.rows(index..<index + 1).copy(from: states.rows(item.row..<item.row + 1))
        }
        decoder.writeLogits(of: last, into: logits)
        return logits
    }

    /// Lets go of the runs.
    mutating func clear() {
        entering.removeAll(keepingCapacity: true)
        chunks.removeAll(keepingCapacity: true)
        deciding.removeAll(keepingCapacity: true)
    }
}
