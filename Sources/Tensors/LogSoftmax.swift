internal import CKernels

/// The row operation of a vocabulary of logits, on the calling thread alone: many rows are answered side by side.
public enum LogSoftmax {
    private static let kernels = InstructionSet.best.kernels

    /// Writes x - log Σ exp(x) to `y`, which has as many elements, and returns the logarithm. Exponentials are of f32,
    /// their sum is of f64.
    public static func write(_ x: UnsafeBufferPointer<Float>, to y: UnsafeMutableBufferPointer<Float>) -> Double {
        precondition(x.count == y.count, "\(x.count) logits, room for \(y.count)")
        guard let logits = x.baseAddress, let result = y.baseAddress else { return -.infinity }
        return kernels.log_softmax(logits, x.count, result)
    }
}
