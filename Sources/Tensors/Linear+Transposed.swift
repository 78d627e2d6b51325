internal import CKernels

extension Linear {
    /// The weights of x = y W in f32, for gradients: those that `Linear(parts, …)` packs for y = x Wᵀ, the other way
    /// round. Its inputs are the stacked rows of `parts` and its outputs their columns.
    public static func transposed(_ parts: [StoredTensor], compute: Compute) -> Linear {
        let columns = parts[0].rowLength
        let rows = parts.reduce(0) { $0 + $1.rowCount }
        let memory = AlignedMemory(byteCount: rows * columns * MemoryLayout<Float>.stride, zeroed: false)
        var start = 0
        for part in parts {
            precondition(part.rowLength == columns, "\(part.name): \(part.shape), inputs \(columns)")
            let (first, count) = (start, part.rowCount)
            compute.forRanges(of: count, grain: 16) { range in
                let values = Matrix(rows: range.count, columns: columns)
                part.read(range.lowerBound * columns..<range.upperBound * columns, into: values.base)
                let target = memory.floats + first + range.lowerBound
                ck_transpose(values.base, range.count, columns, columns, target, rows)
            }
            start += count
        }
        let tensor = StoredTensor(
            name: "\(parts[0].name), transposed",
            type: .f32,
            shape: [columns, rows],
            bytes: UnsafeRawBufferPointer(start: memory.raw, count: memory.byteCount),
            owner: memory
        )
        return Linear([tensor], bias: nil, format: .f32, compute: compute)
    }
}
