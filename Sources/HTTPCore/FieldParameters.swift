/// A value followed by `;`-separated parameters, as in Content-Type and Content-Disposition (RFC 9110 §5.6.6).
struct FieldParameters: Sendable, Equatable {
    let value: String
    /// Parameters by lower-case name; of a repeated name the first counts.
    let parameters: [String: String]

    /// `nil` if the text is not of that form.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        value = String(decoding: Self.take(&rest) { $0 != UInt8(ascii: ";") }.trimmingBlanks(), as: UTF8.self)
        var parameters: [String: String] = [:]
        while rest.popFirst() != nil {
            rest = rest.drop(while: \.isBlank)
            // RFC 9110 §5.6.6 allows empty parameters.
            if rest.isEmpty || rest.first == UInt8(ascii: ";") { continue }
            let name = String(decoding: Self.take(&rest, while: \.isTokenCharacter), as: UTF8.self).lowercased()
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="), let value = Self.takeValue(&rest) else {
                return nil
            }
            rest = rest.drop(while: \.isBlank)
            guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
            if parameters[name] == nil { parameters[name] = value }
        }
        self.parameters = parameters
    }

    // MARK: - Private

    private static func take(_ rest: inout ArraySlice<UInt8>, while included: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = rest.prefix(while: included)
        rest = rest[taken.endIndex...]
        return taken
    }

    /// A token or a quoted string (RFC 9110 §5.6.4).
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.first == UInt8(ascii: "\"") else {
            return String(decoding: take(&rest) { $0 != UInt8(ascii: ";") && !$0.isBlank }, as: UTF8.self)
        }
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            // Only these two are ever escaped; old browsers send the backslashes of a Windows path as they are.
            guard let next = rest.popFirst() else { return nil }
            if next != UInt8(ascii: "\""), next != UInt8(ascii: "\\") { bytes.append(byte) }
            bytes.append(next)
        }
        return nil
    }
}
