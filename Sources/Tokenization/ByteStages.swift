/// Turns pieces of the byte alphabet into UTF-8 text; invalid sequences become U+FFFD.
struct ByteLevelStage: WholeTokenStage {
    var partialToken: [UInt8] = []
    /// The start of a scalar that is not complete yet.
    private var pending: [UInt8] = []

    mutating func decode(_ token: ArraySlice<UInt8>, into output: inout TokenChunks) {
        if !ByteAlphabet.decode(token, into: &pending) { pending += token }
        let complete = pending.count - IncompleteUTF8.suffixLength(of: pending)
        if pending.isUTF8(..<complete) {
            output.append(pending[..<complete], endsToken: false)
        } else {
            output.append(String(decoding: pending[..<complete], as: UTF8.self).utf8, endsToken: false)
        }
        pending.removeFirst(complete)
    }

    mutating func finish(into output: inout TokenChunks) {
        output.append(String(decoding: pending, as: UTF8.self).utf8, endsToken: true)
        pending = []
    }
}

/// Turns runs of `<0x00>` … `<0xFF>` into UTF-8 text. A run that is not valid as a whole becomes one U+FFFD for each of
/// its bytes, so a run is held back until it ends.
struct ByteFallbackStage: WholeTokenStage {
    var partialToken: [UInt8] = []
    private var run: [UInt8] = []

    mutating func decode(_ token: ArraySlice<UInt8>, into output: inout TokenChunks) {
        if let byte = Self.byte(token) {
            run.append(byte)
        } else {
            closeRun(into: &output)
            output.append(token, endsToken: true)
        }
    }

    mutating func finish(into output: inout TokenChunks) { closeRun(into: &output) }

    // MARK: - Private

    private mutating func closeRun(into output: inout TokenChunks) {
        guard !run.isEmpty else { return }
        if run.isUTF8(..<run.count) {
            output.append(run, endsToken: true)
        } else {
            for _ in run { output.append("\u{FFFD}".utf8, endsToken: true) }
        }
        run.removeAll(keepingCapacity: true)
    }

    private static func byte(_ token: ArraySlice<UInt8>) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
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

extension Array where Element == UInt8 {
    /// Whether its beginning is valid UTF-8.
    fileprivate func isUTF8(_ beginning: PartialRangeUpTo<Int>) -> Bool {
        do {
            _ = try UTF8Span(validating: span.extracting(beginning))
            return true
        } catch { return false }
    }
}
