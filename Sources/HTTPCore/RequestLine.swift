import HTTPTypes

/// The first line of a request: `method SP request-target SP HTTP-version` (RFC 9112 §3).
struct RequestLine: Sendable {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: HTTPVersion

    init(_ line: [UInt8]) throws(HTTPError) {
        // RFC 9112 §3 lets a recipient split on any white space; single spaces only, for the smuggler's sake.
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw .badRequest("The request line is not `method SP target SP version`; percent-encode spaces in the URL")
        }
        guard !parts[0].isEmpty, parts[0].allSatisfy(\.isTokenCharacter),
            let method = HTTPRequest.Method(String(decoding: parts[0], as: UTF8.self))
        else { throw .badRequest("The request method has a character that is not allowed") }
        version = try Self.parseVersion(parts[2])
        self.method = method
        target = try RequestTarget(parts[1], method: method)
    }

    private static func parseVersion(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> HTTPVersion {
        let digits = Array(bytes.dropFirst(5))
        guard bytes.starts(with: "HTTP/".utf8), digits.count == 3, digits[1] == UInt8(ascii: "."),
            let major = digits[0].hexDigitValue, major <= 9, let minor = digits[2].hexDigitValue, minor <= 9
        else { throw .badRequest("The request line does not end in an HTTP version") }
        guard major == 1 else {
            throw HTTPError(
                status: .httpVersionNotSupported,
                code: "http_version_not_supported",
                message: "HTTP/\(major).\(minor) is not spoken here; use HTTP/1.1"
            )
        }
        return minor == 0 ? .http10 : .http11
    }
}
