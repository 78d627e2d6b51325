/// A chunk-size line: hexadecimal digits and extensions, which are checked and ignored (RFC 9112 §7.1).
struct ChunkHeader {
    let size: Int
    let extensionBytes: Int

    init(_ line: [UInt8], bodyLimit: Int) throws(HTTPError) {
        let digits = line.prefix { $0.hexDigitValue != nil }
        guard !digits.isEmpty else { throw .badRequest("A chunk size is not a hexadecimal number") }
        size = try Self.parse(digits, bodyLimit: bodyLimit)
        let rest = line[digits.endIndex...]
        extensionBytes = rest.count
        // RFC 9112 §7.1.1: white space may stand before the semicolon, for old senders; nothing else may.
        guard rest.isEmpty || rest.first(where: { !$0.isBlank }) == UInt8(ascii: ";"),
            rest.allSatisfy(\.isFieldValueCharacter)
        else { throw .badRequest("A chunk size is followed by something that is not an extension") }
    }

    /// RFC 9112 §7.1: recipients must anticipate large numbers and prevent overflow.
    private static func parse(_ digits: ArraySlice<UInt8>, bodyLimit: Int) throws(HTTPError) -> Int {
        var value = 0
        for digit in digits.compactMap(\.hexDigitValue) {
            let (scaled, scaleOverflow) = value.multipliedReportingOverflow(by: 16)
            let (sum, sumOverflow) = scaled.addingReportingOverflow(digit)
            guard !scaleOverflow, !sumOverflow else { throw .payloadTooLarge("A chunk", limit: bodyLimit) }
            value = sum
        }
        return value
    }
}
