internal import CKernels

extension Compute {
    /// Writes rows of keys and values, `[rows, heads · headDim]`, as positions first, first + 1, … of a page, whose
    /// later positions are then lost.
    public func store(keys: Matrix, values: Matrix, into page: KeyValuePage, at first: Int) {
        let shape = page.shape
        precondition(keys.columns == shape.width && values.columns == shape.width, "keys of another width")
        precondition(keys.rows == values.rows, "\(keys.rows) keys and \(values.rows) values")
        precondition(first >= 0 && first + keys.rows <= page.capacity, "\(keys.rows) positions from \(first) on")
        let kernels = self.kernels
        let (type, dim) = (shape.format.kernelType, shape.headDim)
        forRanges(of: shape.heads, grain: 1 + 16384 / max(1, keys.rows * dim)) { heads in
            for head in heads {
                let column = head * dim
                kernels.store_keys(type, keys.base + column, keys.stride, keys.rows, dim, first, page.keys(head: head))
                kernels.store_values(
                    type,
                    values.base + column,
                    values.stride,
                    values.rows,
                    dim,
                    first,
                    page.values(head: head)
                )
            }
        }
    }
}
