internal import CKernels

extension StoredTensor {
    /// A tensor of bfloat16 values drawn evenly from `center` ± `spread`, the same for a seed on every machine.
    public static func random(
        name: String,
        shape: [Int],
        center: Float = 0,
        spread: Float,
        seed: UInt64
    ) -> StoredTensor {
        let count = shape.reduce(1, *)
        let memory = AlignedMemory(byteCount: count * MemoryLayout<UInt16>.stride, zeroed: false)
        let values = UnsafeMutableBufferPointer(start: memory.raw.assumingMemoryBound(to: UInt16.self), count: count)
        fill(values, center: center, spread: spread, seed: seed)
        let bytes = UnsafeRawBufferPointer(start: memory.raw, count: memory.byteCount)
        return StoredTensor(name: name, type: .bf16, shape: shape, bytes: bytes, owner: memory)
    }

    /// Sixteen bits of a mixed counter make one value (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
    /// number generators": the finaliser of SplitMix64).
    private static func fill(
        _ values: UnsafeMutableBufferPointer<UInt16>,
        center: Float,
        spread: Float,
        seed: UInt64
    ) {
        let scale = spread / 32768
        var counter = seed
        var index = 0
        while index < values.count {
            counter &+= 0x9E37_79B9_7F4A_7C15
            var bits = (counter ^ (counter >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            bits ^= bits >> 31
            for _ in 0..<min(4, values.count - index) {
                let value = center + scale * (Float(Int16(truncatingIfNeeded: bits)) + 0.5)
                // Cut, not rounded: a draw has no digits to preserve.
                values[index] = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
                bits >>= 16
                index += 1
            }
        }
    }
}
