/// A media type such as `multipart/form-data; boundary=x` (RFC 9110 §8.3.1).
public struct MediaType: Sendable, Equatable {
    /// The type and subtype in lower case, such as `image/png`; `*/*` and `image/*` in an Accept header.
    public let essence: String
    /// Parameters by lower-case name.
    public let parameters: [String: String]

    /// The media type a text names, or `nil` if it names none.
    public init?(_ text: some StringProtocol) {
        guard let field = FieldParameters(text) else { return nil }
        let parts = field.value.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isTokenCharacter) }) else {
            return nil
        }
        essence = field.value.lowercased()
        parameters = field.parameters
    }

    /// Whether this media range covers a type, and how specifically: 0 for `*/*`, 1 for `image/*`, 2 for a type.
    func specificity(for type: String) -> Int? {
        if essence == type { return 2 }
        if essence == "*/*" { return 0 }
        guard essence.hasSuffix("/*"), type.hasPrefix(essence.dropLast()) else { return nil }
        return 1
    }
}
