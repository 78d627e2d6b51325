internal import CKernels
internal import Foundation
internal import Synchronization

extension Compute {
    /// Rotates each head of x in place by its row's position (Su et al. 2021), pairing dimension i with
    /// i + headDim / 2 as Hugging Face's `rotate_half` does.
    ///
    /// x is [rows, ≥ heads · headDim]; `inverseFrequencies` holds headDim / 2 values. The angle is
    /// Float(position) · inverseFrequency; cosines and sines are multiplied by `scale`.
    public func rotary(
        _ x: Matrix,
        heads: Int,
        headDim: Int,
        positions: [Int],
        inverseFrequencies: [Float],
        scale: Float = 1
    ) {
        precondition(x.columns >= heads * headDim, "\(x.columns) columns for \(heads) heads of \(headDim)")
        precondition(positions.count == x.rows, "\(positions.count) positions for \(x.rows) rows")
        precondition(inverseFrequencies.count * 2 == headDim, "\(inverseFrequencies.count) frequencies for \(headDim)")
        let half = headDim / 2
        let table = rotaryTables.withLock {
            $0.angles(positions: positions, inverseFrequencies: inverseFrequencies, scale: scale)
        }
        let kernels = self.kernels
        forRanges(of: x.rows, grain: 1 + 16384 / max(1, heads * headDim)) { rows in
            table.cosines.withUnsafeBufferPointer { cosines in
                table.sines.withUnsafeBufferPointer { sines in
                    guard let c = cosines.baseAddress, let s = sines.baseAddress else { return }
                    for r in rows {
                        for head in 0..<heads {
                            kernels.rotary(x.base + r * x.stride + head * headDim, c + r * half, s + r * half, headDim)
                        }
                    }
                }
            }
        }
    }
}

/// The cosines and sines of the last call: queries and keys of every layer of a step share their positions.
struct RotaryTable {
    struct Angles: Sendable {
        var cosines: [Float] = []
        var sines: [Float] = []
    }

    private var positions: [Int] = []
    private var inverseFrequencies: [Float] = []
    private var scale: Float = 1
    private var angles = Angles()

    mutating func angles(positions: [Int], inverseFrequencies: [Float], scale: Float) -> Angles {
        if positions == self.positions, inverseFrequencies == self.inverseFrequencies, scale == self.scale {
            return angles
        }
        angles.cosines.removeAll(keepingCapacity: true)
        angles.sines.removeAll(keepingCapacity: true)
        for position in positions {
            for frequency in inverseFrequencies {
                angles.cosines.append(cosf(Float(position) * frequency) * scale)
                angles.sines.append(sinf(Float(position) * frequency) * scale)
            }
        }
        self.positions.removeAll(keepingCapacity: true)
        self.positions.append(contentsOf: positions)
        (self.inverseFrequencies, self.scale) = (inverseFrequencies, scale)
        return angles
    }
}
