import Models
import Probing
import Tensors

/// The passes that one attribution takes.
struct AttributionPass {
    let gradient: DecoderGradient
    /// The decoder's inputs, `[length, hidden]`.
    let inputs: Matrix
    let positions: [Int]
    let target: Int
    let changes: ProbeRun?
    let check: () throws -> Void

    /// Scores of each dimension from its input and its gradient.
    func gradients(_ score: (_ input: Float, _ gradient: Float) -> Float) throws -> Attribution {
        let result = try run(inputs)
        let scores = positions.map { position in
            zip(inputs.row(position), result.gradients.row(position)).map { score($0, $1) }
        }
        return attribution(scores, logit: result.logits[0], completeness: nil)
    }

    func relevancy() throws -> Attribution {
        let result = try run(inputs)
        return Attribution(
            positions: positions,
            signed: nil,
            absolute: positions.map { result.relevance[$0] },
            logit: result.logits[0],
            completeness: nil
        )
    }

    /// Integrated gradients from `baseline`, `atOnce` points in one pass.
    func integrated(
        _ points: [(share: Double, weight: Double)],
        from baseline: [Float],
        atOnce: Int,
        progress: (Int, Int) -> Void
    ) throws -> Attribution {
        var sums = positions.map { _ in [Double](repeating: 0, count: inputs.columns) }
        for start in stride(from: 0, to: points.count, by: atOnce) {
            let batch = points[start..<min(start + atOnce, points.count)]
            let result = try run(stacked(batch.map(\.share), from: baseline))
            for (sequence, point) in batch.enumerated() {
                for (index, position) in positions.enumerated() {
                    let row = result.gradients.row(sequence * inputs.rows + position)
                    for (column, value) in row.enumerated() { sums[index][column] += point.weight * Double(value) }
                }
            }
            progress(start + batch.count, points.count)
        }
        let scores = zip(positions, sums).map { position, sums in
            zip(zip(inputs.row(position), baseline), sums).map { ends, sum in Float(Double(ends.0 - ends.1) * sum) }
        }
        let ends = try gradient.logits(
            stacked([1, 0], from: baseline),
            length: inputs.rows,
            target: target,
            changes: changes,
            check: check
        )
        let sum = scores.reduce(0.0) { $1.reduce($0) { $0 + Double($1) } }
        let completeness = Attribution.Completeness(sum: sum, difference: Double(ends[0]) - Double(ends[1]))
        return attribution(scores, logit: ends[0], completeness: completeness)
    }

    // MARK: - Private

    private func run(_ inputs: Matrix) throws -> DecoderGradientResult {
        try gradient(inputs, length: self.inputs.rows, target: target, changes: changes, check: check)
    }

    /// The inputs several times, with the explained tokens some share of the way from the baseline to themselves.
    private func stacked(_ shares: [Double], from baseline: [Float]) -> Matrix {
        let stack = Matrix(rows: shares.count * inputs.rows, columns: inputs.columns)
        for (sequence, share) in shares.enumerated() {
            let first = sequence * inputs.rows
            stack.rows(first..<first + inputs.rows).copy(from: inputs)
            // The end of the way is the input itself, not what rounding makes of it.
            guard share < 1 else { continue }
            for position in positions {
                let row = zip(inputs.row(position), baseline).map { $1 + Float(share) * ($0 - $1) }
                stack.setRow(first + position, row)
            }
        }
        return stack
    }

    private func attribution(
        _ scores: [[Float]],
        logit: Float,
        completeness: Attribution.Completeness?
    ) -> Attribution {
        Attribution(
            positions: positions,
            signed: scores.map { Float($0.reduce(0.0) { $0 + Double($1) }) },
            absolute: scores.map { Float($0.reduce(0.0) { $0 + abs(Double($1)) }) },
            logit: logit,
            completeness: completeness
        )
    }
}
