internal import CKernels

extension Compute {
    /// y = x / sqrt(mean(x²) + epsilon) · weight for each row (Zhang and Sennrich 2019). y may be x.
    public func rmsNorm(_ x: Matrix, weight: [Float], epsilon: Float, into y: Matrix) {
        precondition(weight.count == x.columns && y.columns == x.columns && y.rows == x.rows, "norm of another shape")
        forRows(x, into: y) { $0.rms_norm($1, weight, epsilon, $3, $2) }
    }

    /// y = (x - mean) / sqrt(variance + epsilon) · weight + bias for each row (Ba et al. 2016). y may be x.
    public func layerNorm(_ x: Matrix, weight: [Float], bias: [Float], epsilon: Float, into y: Matrix) {
        precondition(weight.count == x.columns && y.columns == x.columns && y.rows == x.rows, "norm of another shape")
        precondition(bias.count == weight.count, "\(bias.count) biases for \(weight.count) weights")
        forRows(x, into: y) { $0.layer_norm($1, weight, bias, epsilon, $3, $2) }
    }

    /// y = silu(gate) · up. y may be gate or up.
    public func siluMultiply(gate: Matrix, up: Matrix, into y: Matrix) {
        precondition(gate.rows == up.rows && gate.columns == up.columns, "gate and up differ in shape")
        precondition(gate.rows == y.rows && gate.columns == y.columns, "gate and result differ in shape")
        let kernels = self.kernels
        forRanges(of: y.rows, grain: grain(y)) { rows in
            for r in rows {
                let gateRow = gate.base + r * gate.stride
                kernels.silu_multiply(gateRow, up.base + r * up.stride, y.columns, y.base + r * y.stride)
            }
        }
    }

    /// x = activation(x), element by element.
    public func activate(_ x: Matrix, _ activation: Activation) {
        guard activation != .none else { return }
        forRows(x, into: x) { $0.activate($2, $3, activation.kernelActivation) }
    }

    /// y += x.
    public func add(_ x: Matrix, into y: Matrix) {
        precondition(y.columns == x.columns && y.rows == x.rows, "sum of different shapes")
        forRows(x, into: y) { $0.add($1, $3, $2) }
    }

    /// Softmax of each row, in place; a row of -infinity becomes zeros.
    public func softmax(_ x: Matrix) {
        forRows(x, into: x) { $0.softmax($2, $3) }
    }

    // MARK: - Private

    private typealias RowKernel =
        @Sendable (ck_kernels, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

    /// Calls `body` with the addresses of each row of x and y.
    private func forRows(_ x: Matrix, into y: Matrix, _ body: RowKernel) {
        let kernels = self.kernels
        forRanges(of: x.rows, grain: grain(x)) { rows in
            for r in rows { body(kernels, x.base + r * x.stride, y.base + r * y.stride, x.columns) }
        }
    }

    /// Rows worth handing to another thread: some ten microseconds of work.
    private func grain(_ x: Matrix) -> Int { 1 + 16384 / max(1, x.columns) }
}
