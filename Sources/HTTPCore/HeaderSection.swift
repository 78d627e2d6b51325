import HTTPTypes

/// Header or trailer fields under construction, within limits on their bytes and number (RFC 9112 §5).
struct HeaderSection: Sendable {
    private(set) var fields = HTTPFields()
    private let maximumBytes: Int
    private let maximumCount: Int
    private var bytes = 0
    private var count = 0

    init(maximumBytes: Int, limits: ParserLimits) {
        self.maximumBytes = maximumBytes
        self.maximumCount = limits.headerCount
    }

    /// Bytes the next line may have, without its line end.
    var lineLimit: Int { max(0, maximumBytes - bytes - 2) }

    var tooLarge: HTTPError {
        .headersTooLarge("The header fields are over the limit of \(maximumBytes) bytes; send fewer or shorter ones")
    }

    /// Adds a field line.
    mutating func add(_ line: [UInt8]) throws(HTTPError) {
        bytes += line.count + 2
        count += 1
        guard count <= maximumCount else {
            throw .headersTooLarge("The request has more than \(maximumCount) header fields; send fewer")
        }
        // RFC 9112 §5.2: a server must reject folded lines or unfold them; what a proxy did is unknown, so reject.
        guard let first = line.first, !first.isBlank else {
            throw .badRequest("A header line starts with white space (obsolete line folding)")
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .badRequest("A header line has no colon")
        }
        // RFC 9112 §5.1: no white space between name and colon; the token rule covers it and the empty name.
        let name = line[..<colon]
        guard !name.isEmpty, name.allSatisfy(\.isTokenCharacter),
            let fieldName = HTTPField.Name(String(decoding: name, as: UTF8.self))
        else { throw .badRequest("A header name is empty or has a character that is not allowed") }
        // RFC 9110 §5.5: CR, LF and NUL are dangerous in values; other control characters are not allowed either.
        let value = line[(colon + 1)...].trimmingBlanks()
        guard value.allSatisfy(\.isFieldValueCharacter) else {
            throw .badRequest(
                "The header \(fieldName) has a control character in its value",
                parameter: fieldName.rawName
            )
        }
        fields.append(HTTPField(name: fieldName, value: value))
    }
}
