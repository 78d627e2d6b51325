import JSON
import Tensors

/// What this machine could do at most, measured in the same run.
struct Ceilings {
    private let rates: [ArithmeticUnit: Double]
    /// What memory gives.
    let reading: ReadBandwidth

    /// Measures every unit and the memory with all threads.
    init(_ pool: WorkerPool, options: BenchmarkOptions, memory: ResidentMemory) {
        var rates: [ArithmeticUnit: Double] = [:]
        for unit in ArithmeticUnit.allCases { rates[unit] = pool.peakRate(of: unit, seconds: options.burstSeconds) }
        self.rates = rates
        reading = ReadBandwidth(pool, byteCount: options.readBytes, memory: memory)
    }

    /// Operations a second.
    func peak(_ unit: ArithmeticUnit) -> Double { rates[unit] ?? .nan }

    /// `{f32_gflops, bf16_gflops, int8_gops, read_gbps}`
    var payload: JSONValue {
        [
            "f32_gflops": .number(peak(.f32) / 1e9),
            "bf16_gflops": .number(peak(.bf16) / 1e9),
            "int8_gops": .number(peak(.int8) / 1e9),
            "read_gbps": .number(reading.bytesPerSecond / 1e9),
        ]
    }
}

extension Ceilings {
    /// All on one line.
    var summary: String {
        let units = ArithmeticUnit.allCases.map { "\($0.rawValue) \((peak($0) / 1e9).rounded(to: 0)) G/s" }
        return "  " + (units + ["read \((reading.bytesPerSecond / 1e9).rounded(to: 1)) GB/s"]).joined(separator: ", ")
    }
}
