/// The norms of a picture's tokens and what P1 calls a register among them: one whose norm exceeds the mean by `sigma`
/// standard deviations (unbiased).
struct RegisterNorms {
    /// L2 norms of the embeddings.
    let values: [Double]
    let mean: Double
    let deviation: Double
    private let sigma: Double

    init(_ norms: [Float], sigma: Double) {
        let values = norms.map(Double.init)
        let mean = values.reduce(0, +) / Double(max(values.count, 1))
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        (self.values, self.mean, self.sigma) = (values, mean, sigma)
        deviation = (squares / Double(max(values.count - 1, 1))).squareRoot()
    }

    /// What a register's norm exceeds.
    var threshold: Double { mean + sigma * deviation }
}
