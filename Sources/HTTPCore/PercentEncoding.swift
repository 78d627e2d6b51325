/// Decoding of the percent-encoded parts of a URL (RFC 3986 §2.1).
public enum PercentEncoding {
    /// The decoded path segments of an absolute path: `/a/b%2Fc` is `["a", "b/c"]`.
    ///
    /// Segments are cut before they are decoded, so an encoded slash never separates.
    ///
    /// - Throws: 400 for a bad escape, a NUL, or bytes that are not UTF-8.
    public static func pathSegments(_ path: String) throws(HTTPError) -> [String] {
        guard path != "/" else { return [] }
        var segments: [String] = []
        for raw in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            segments.append(try decode(raw.utf8, what: "path"))
        }
        return segments
    }

    /// The decoded pairs of a query, `+` standing for a space; of a repeated name the last value counts.
    ///
    /// - Throws: 400 for a bad escape, a NUL, or bytes that are not UTF-8.
    public static func query(_ query: String) throws(HTTPError) -> [String: String] {
        var pairs: [String: String] = [:]
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decode(parts[0].utf8, plusIsSpace: true, what: "query")
            pairs[name] = parts.count > 1 ? try decode(parts[1].utf8, plusIsSpace: true, what: "query") : ""
        }
        return pairs
    }

    // MARK: - Private

    private static func decode(
        _ encoded: some Collection<UInt8>,
        plusIsSpace: Bool = false,
        what: String
    ) throws(HTTPError) -> String {
        var bytes: [UInt8] = []
        var rest = encoded[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigitValue, let low = rest.popFirst()?.hexDigitValue else {
                throw .badRequest("The URL's \(what) has a `%` without two hexadecimal digits")
            }
            bytes.append(UInt8(high * 16 + low))
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw .badRequest("The URL's \(what) is not UTF-8 text once decoded")
        }
        return text
    }
}
