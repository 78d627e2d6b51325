import Tensors

/// What all threads read from memory. It differs from minute to minute by more than work that waits for memory does, so it
/// is measured by turns with that work, and the median counts.
final class ReadBandwidth {
    private let pool: WorkerPool
    private let byteCount: Int
    private let memory: ResidentMemory
    private var rates: [Double] = []

    /// Measures once, on `byteCount` bytes that are no part of what `memory` counts.
    init(_ pool: WorkerPool, byteCount: Int, memory: ResidentMemory) {
        (self.pool, self.byteCount, self.memory) = (pool, byteCount, memory)
        measure()
    }

    /// Measures once more.
    func measure() {
        rates.append(memory.uncounted { pool.readRate(byteCount: byteCount) })
    }

    /// Bytes a second.
    var bytesPerSecond: Double { median(rates) }
}
