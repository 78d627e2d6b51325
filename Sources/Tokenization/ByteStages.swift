/// Turns pieces of the byte alphabet into UTF-8 text; invalid sequences become U+FFFD.
struct ByteLevelStage: WholeTokenStage {
    var partialToken = ""
    /// The start of a scalar that is not complete yet.
    private var pending: [UInt8] = []

    mutating func decode(_ token: String, into output: inout [TokenChunk]) {
        pending += ByteAlphabet.decode(token) ?? Array(token.utf8)
        let complete = pending.count - IncompleteUTF8.suffixLength(of: pending)
        let text = String(decoding: pending[..<complete], as: UTF8.self)
        pending.removeFirst(complete)
        output.append(TokenChunk(text: text, endsToken: false))
    }

    mutating func finish(into output: inout [TokenChunk]) {
        output.append(TokenChunk(text: String(decoding: pending, as: UTF8.self), endsToken: true))
        pending = []
    }
}

/// Turns runs of `<0x00>` … `<0xFF>` into UTF-8 text. A run that is not valid as a whole becomes one U+FFFD for each of
/// its bytes, so a run is held back until it ends.
struct ByteFallbackStage: WholeTokenStage {
    var partialToken = ""
    private var run: [UInt8] = []

    mutating func decode(_ token: String, into output: inout [TokenChunk]) {
        if let byte = Self.byte(token) {
            run.append(byte)
        } else {
            closeRun(into: &output)
            output.append(TokenChunk(text: token, endsToken: true))
        }
    }

    mutating func finish(into output: inout [TokenChunk]) { closeRun(into: &output) }

    // MARK: - Private

    private mutating func closeRun(into output: inout [TokenChunk]) {
        guard !run.isEmpty else { return }
        if let text = String(validating: run, as: UTF8.self) {
            output.append(TokenChunk(text: text, endsToken: true))
        } else {
            output += repeatElement(TokenChunk(text: "\u{FFFD}", endsToken: true), count: run.count)
        }
        run = []
    }

    private static func byte(_ token: String) -> UInt8? {
        guard token.utf8.count == 6 else { return nil }
        let bytes = Array(token.utf8)
        guard bytes.starts(with: "<0x".utf8), bytes[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: bytes[3..<5], as: UTF8.self), radix: 16)
    }
}

/// The end of a byte sequence that could still become valid UTF-8.
enum IncompleteUTF8 {
    /// The number of bytes at the end that start a scalar without completing it, 0 to 3.
    static func suffixLength(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let suffix = bytes.suffix(length)
            guard let lead = suffix.first, lead & 0xC0 != 0x80 else { continue }
            return isIncomplete(suffix, lead: lead) ? length : 0
        }
        return 0
    }

    /// Whether a lead byte and what follows can be completed (Unicode Standard, table 3-7).
    private static func isIncomplete(_ sequence: ArraySlice<UInt8>, lead: UInt8) -> Bool {
        guard (0xC2...0xF4).contains(lead), sequence.count < UTF8Width.ofScalar(leadByte: lead) else { return false }
        guard let second = sequence.dropFirst().first else { return true }
        switch lead {
        case 0xE0: return second >= 0xA0
        case 0xED: return second < 0xA0
        case 0xF0: return second >= 0x90
        case 0xF4: return second < 0x90
        default: return true
        }
    }
}
