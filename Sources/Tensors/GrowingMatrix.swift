/// A matrix that is kept from call to call and grows to the most rows asked for.
public struct GrowingMatrix {
    private var matrix: Matrix

    /// One without rows.
    public init(columns: Int) { matrix = Matrix(unwrittenRows: 0, columns: columns) }

    /// Its first `count` rows, whose content is unspecified. What was lent before is another's from now on.
    public mutating func rows(_ count: Int) -> Matrix {
        if count > matrix.rows { matrix = Matrix(unwrittenRows: count, columns: matrix.columns) }
        return matrix.rows(0..<count)
    }
}
