/// The rows of a lower triangular matrix, one after another: row p has the columns 0…p.
public struct LowerTriangle: Sendable {
    private var rows: [[Float]] = []

    /// A matrix without rows yet.
    public init() {}

    /// Rows so far.
    public var count: Int { rows.count }

    /// Numbers in `rows` rows.
    public static func numberCount(rows: Int) -> Int { rows * (rows + 1) / 2 }

    /// Adds the next row, which must have as many columns as there are rows with it.
    public mutating func append(_ row: [Float]) {
        precondition(row.count == rows.count + 1, "a row of \(row.count) columns behind \(rows.count) rows")
        rows.append(row)
    }

    /// Σ over q of `weights[q]` · row q, added in the order of rows, `[weights.count]`.
    public func combined(_ weights: [Float]) -> [Float] {
        precondition(weights.count <= rows.count, "\(weights.count) weights for \(rows.count) rows")
        return [Float](unsafeUninitializedCapacity: weights.count) { sum, count in
            sum.initialize(repeating: 0)
            count = weights.count
            guard let sum = sum.baseAddress else { return }
            for (weight, row) in zip(weights, rows) {
                row.withUnsafeBufferPointer { row in
                    guard let values = row.baseAddress else { return }
                    for column in 0..<row.count { sum[column] += weight * values[column] }
                }
            }
        }
    }
}
