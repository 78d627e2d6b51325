internal import CImage

/// Which source pixels make up each output pixel of one axis, and with what weights.
///
/// Antialiased as in Pillow: when the picture shrinks, the kernel widens with it. Weights are normalised in double
/// precision, then rounded to 22 fractional bits.
struct ResamplingTaps {
    /// The first source pixel of each output.
    private(set) var first: [Int32] = []
    /// How many source pixels each output takes.
    private(set) var count: [Int32] = []
    /// The source pixels that the outputs need.
    private(set) var sources = 0..<0
    private var weights: [Int32] = []
    private let stride: Int

    /// The taps of outputs `window`, when an axis of `source` pixels is brought to `target` pixels.
    init(from source: Int, to target: Int, window: Range<Int>, filter: ResamplingFilter) {
        let scale = Double(source) / Double(target)
        let widening = max(scale, 1)
        let reach = filter.support * widening
        stride = Int(reach.rounded(.up)) * 2 + 1
        if filter == .nearest { addNearest(scale: scale, window: window) }
        for output in window where filter != .nearest {
            let center = (Double(output) + 0.5) * scale
            let low = max(Int(center - reach + 0.5), 0)
            let high = min(Int(center + reach + 0.5), source)
            let raw = (low..<high).map { filter.weight((Double($0) - center + 0.5) * (1 / widening)) }
            append(from: low, raw)
        }
    }

    /// Lends the taps to C.
    func withTaps<Result>(_ body: (ci_taps) -> Result) -> Result {
        first.withUnsafeBufferPointer { first in
            count.withUnsafeBufferPointer { count in
                weights.withUnsafeBufferPointer { weights in
                    body(
                        ci_taps(
                            first: first.baseAddress,
                            count: count.baseAddress,
                            weights: weights.baseAddress,
                            stride: Int32(stride),
                            outputs: Int32(first.count)
                        )
                    )
                }
            }
        }
    }

    // MARK: - Private

    private mutating func append(from start: Int, _ raw: [Double]) {
        let sum = raw.reduce(0, +)
        let fixed = raw.map { weight -> Int32 in
            let scaled = (sum == 0 ? weight : weight / sum) * Double(1 << 22)
            return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
        }
        sources = (first.isEmpty ? start : sources.lowerBound)..<start + raw.count
        first.append(Int32(start))
        count.append(Int32(fixed.count))
        weights += fixed + Array(repeating: 0, count: stride - fixed.count)
    }

    /// Steps are summed up from the left edge, as Pillow does: the rounding errors decide ties.
    private mutating func addNearest(scale: Double, window: Range<Int>) {
        var position = scale * 0.5
        for output in 0..<window.upperBound {
            if output >= window.lowerBound { append(from: Int(position), [1]) }
            position += scale
        }
    }
}
