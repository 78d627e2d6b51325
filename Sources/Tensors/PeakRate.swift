internal import CKernels
internal import Synchronization

/// A part of the processor that multiplies; a weight format's speed is bounded by one of them.
public enum ArithmeticUnit: String, Sendable, CaseIterable {
    /// Fused multiply-adds of f32.
    case f32
    /// Dot products of bfloat16.
    case bf16
    /// Dot products of bytes.
    case int8

    fileprivate var peakUnit: ck_peak_unit {
        switch self {
        case .f32: CK_PEAK_F32
        case .bf16: CK_PEAK_BF16
        case .int8: CK_PEAK_INT8
        }
    }
}

extension WeightFormat {
    /// The unit that multiplies weights of this format.
    public var unit: ArithmeticUnit {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .int8, .int4: .int8
        }
    }
}

/// What this machine could do at most: the rates that kernels are measured against.
extension WorkerPool {
    /// Operations a second of all threads together on numbers in registers, a multiply-add being two: the median of
    /// several bursts of about `seconds`.
    public func peakRate(of unit: ArithmeticUnit, seconds: Double = 0.2, bursts: Int = 5) -> Double {
        let seed = Atomic<UInt64>(1)
        func burst(_ rounds: Int) -> (seconds: Double, operations: Double) {
            // Operations of a task are the same for all.
            let operations = Atomic<UInt64>(0)
            let clock = ContinuousClock()
            let time = clock.measure {
                run(tasks: threads) { task, _ in
                    var sum = seed.load(ordering: .relaxed) &+ UInt64(task)
                    let count = ck_peak(unit.peakUnit, rounds, &sum)
                    seed.wrappingAdd(sum, ordering: .relaxed)
                    operations.add(UInt64(count), ordering: .relaxed)
                }
            }
            return (time / .seconds(1), Double(operations.load(ordering: .relaxed)))
        }
        var rounds = 1 << 16
        while rounds < 1 << 40 {
            let time = burst(rounds).seconds
            if time > seconds / 2 { break }
            rounds *= 2
        }
        return median(
            (0..<bursts).map { _ in
                let result = burst(rounds)
                return result.operations / result.seconds
            }
        )
    }

    /// Bytes a second that all threads together read from `byteCount` bytes of memory, which should be several times
    /// what the caches hold: the median of several passes.
    public func readRate(byteCount: Int = 1 << 30, passes: Int = 5) -> Double {
        let piece = 4 << 20
        let pieces = max(1, byteCount / piece)
        let memory = AlignedMemory(byteCount: pieces * piece, zeroed: false)
        // Written by the threads that read it, and different in every word: a page of zeros would stay in the caches.
        run(tasks: pieces) { index, _ in
            let words = (memory.raw + index * piece).assumingMemoryBound(to: UInt64.self)
            for word in 0..<piece / 8 { words[word] = UInt64(index * piece + word) &* 0x9E37_79B9_7F4A_7C15 }
        }
        let sum = Atomic<UInt64>(0)
        return median(
            (0..<passes).map { _ in
                let time = ContinuousClock().measure {
                    run(tasks: pieces) { index, _ in
                        sum.wrappingAdd(ck_peak_read(memory.raw + index * piece, piece), ordering: .relaxed)
                    }
                }
                return Double(pieces * piece) / (time / .seconds(1))
            }
        )
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
