internal import Foundation

extension Matrix {
    /// Rows, from the first one on, whose bits are the same in both.
    public func commonRows(_ other: Matrix) -> Int {
        guard columns == other.columns else { return 0 }
        let limit = min(rows, other.rows)
        if base == other.base, stride == other.stride { return limit }
        let bytes = columns * MemoryLayout<Float>.stride
        return withExtendedLifetime((self, other)) {
            (0..<limit).first { memcmp(base + $0 * stride, other.base + $0 * other.stride, bytes) != 0 } ?? limit
        }
    }
}
