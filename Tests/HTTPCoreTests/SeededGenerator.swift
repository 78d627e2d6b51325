/// Repeatable randomness (SplitMix64), so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// The bytes with a few of them changed, dropped, doubled or replaced by what matters to a parser.
    mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        let start = Int.random(in: 0..<original.count, using: &self)
        var bytes = Bool.random(using: &self) ? original : Array(original[start...])
        let special = Array("\r\n\r\n :;,0aF-\t\0\"%/?".utf8) + [0x80, 0xFF]
        for _ in 0..<Int.random(in: 0...6, using: &self) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(special.randomElement(using: &self) ?? 0, at: index)
            case 3: bytes[index] = special.randomElement(using: &self) ?? 0
            default: bytes.insert(contentsOf: bytes[index...].prefix(12), at: index)
            }
        }
        return bytes
    }
}
