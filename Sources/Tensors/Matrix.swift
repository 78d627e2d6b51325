/// A view of rows of f32: `columns` values each, `stride` apart, in shared reference-counted storage.
///
/// Slices and copies of the value share its elements; assigning elements through one is seen through all.
/// Unchecked because elements are shared without a lock: whoever writes a region must be its only user at that time.
public struct Matrix: @unchecked Sendable {
    /// Number of rows.
    public let rows: Int
    /// Values of one row.
    public let columns: Int
    /// Elements from the start of one row to the start of the next.
    public let stride: Int

    private let storage: AlignedMemory
    private let offset: Int

    private init(rows: Int, columns: Int, stride: Int, storage: AlignedMemory, offset: Int) {
        self.rows = rows
        self.columns = columns
        self.stride = stride
        self.storage = storage
        self.offset = offset
    }

    /// A matrix of zeros.
    public init(rows: Int, columns: Int) { self.init(rows: rows, columns: columns, zeroed: true) }

    /// A matrix of unspecified elements, for those who write all that they read.
    public init(unwrittenRows rows: Int, columns: Int) { self.init(rows: rows, columns: columns, zeroed: false) }

    private init(rows: Int, columns: Int, zeroed: Bool) {
        precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) × \(columns)")
        let storage = AlignedMemory(byteCount: rows * columns * MemoryLayout<Float>.stride, zeroed: zeroed)
        self.init(rows: rows, columns: columns, stride: columns, storage: storage, offset: 0)
    }

    /// A matrix of the given values, row after row.
    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows) × \(columns)")
        self.init(rows: rows, columns: columns)
        base.update(from: values, count: values.count)
    }

    /// The address of the first element; valid while this value or another of the same storage lives.
    var base: UnsafeMutablePointer<Float> { storage.floats + offset }

    // MARK: - Views

    /// Some of the rows, sharing storage.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return Matrix(
            rows: range.count,
            columns: columns,
            stride: stride,
            storage: storage,
            offset: offset + range.lowerBound * stride
        )
    }

    /// Some of the columns, sharing storage.
    public func columns(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return Matrix(
            rows: rows,
            columns: range.count,
            stride: stride,
            storage: storage,
            offset: offset + range.lowerBound
        )
    }

    // MARK: - Elements

    /// The element in row `r` and column `c`.
    public subscript(r: Int, c: Int) -> Float {
        get {
            precondition(r >= 0 && r < rows && c >= 0 && c < columns, "element \(r), \(c) of \(rows) × \(columns)")
            return base[r * stride + c]
        }
        nonmutating set {
            precondition(r >= 0 && r < rows && c >= 0 && c < columns, "element \(r), \(c) of \(rows) × \(columns)")
            base[r * stride + c] = newValue
        }
    }

    /// A copy of one row.
    public func row(_ i: Int) -> [Float] { withRow(i) { Array($0) } }

    /// A copy of all values, row after row.
    public var values: [Float] {
        var all: [Float] = []
        all.reserveCapacity(rows * columns)
        for i in 0..<rows { withRow(i) { all.append(contentsOf: $0) } }
        return all
    }

    /// Calls `body` with the elements of one row, readable and writable during the call.
    public func withRow<R>(_ i: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        precondition(i >= 0 && i < rows, "row \(i) of \(rows)")
        return try withExtendedLifetime(storage) {
            try body(UnsafeMutableBufferPointer(start: base + i * stride, count: columns))
        }
    }

    // MARK: - Assignment

    /// Copies all elements of `other`, which has the same shape. The two may not overlap partly.
    public func copy(from other: Matrix) {
        precondition(other.rows == rows && other.columns == columns, "copy between different shapes")
        for i in 0..<rows { (base + i * stride).update(from: other.base + i * other.stride, count: columns) }
    }

    /// Replaces one row.
    public func setRow(_ i: Int, _ values: [Float]) {
        precondition(values.count == columns, "\(values.count) values for a row of \(columns)")
        withRow(i) { row in _ = row.update(fromContentsOf: values) }
    }

    /// Sets every element.
    public func fill(_ value: Float) {
        for i in 0..<rows { withRow(i) { $0.update(repeating: value) } }
    }
}
