import Foundation
import HTTPTypes

/// The request target in any of the forms of RFC 9112 §3.2 that reach an origin server.
struct RequestTarget: Sendable, Equatable {
    let path: String
    let query: String?
    /// The authority of an absolute-form target, which replaces `Host` (RFC 9112 §3.2.2).
    let authority: String?

    init(_ bytes: ArraySlice<UInt8>, method: HTTPRequest.Method) throws(HTTPError) {
        // RFC 9112 §3.2: no white space; a fragment is never sent (RFC 9110 §7.1). Anything else in visible ASCII is
        // let through, because browsers send some of what RFC 3986 would have percent-encoded.
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw .badRequest("The request target has a character that must be percent-encoded")
        }
        guard method != .connect else {
            // The authority form (§3.2.3) is for proxies only.
            throw HTTPError(status: .notImplemented, code: "not_implemented", message: "CONNECT is for proxies")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "*" {
            guard method == .options else { throw .badRequest("The target `*` goes with OPTIONS only") }
            (path, query, authority) = ("*", nil, nil)
        } else if text.hasPrefix("/") {
            (path, query) = Self.split(text[...])
            authority = nil
        } else if let scheme = text.range(of: "^https?://", options: [.regularExpression, .caseInsensitive]) {
            let rest = text[scheme.upperBound...]
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = String(rest[..<end])
            let (path, query) = Self.split(rest[end...])
            self.path = path.isEmpty ? "/" : path
            self.query = query
        } else {
            throw .badRequest("The request target is neither a path nor an http URL")
        }
    }

    private static func split(_ text: Substring) -> (String, String?) {
        guard let mark = text.firstIndex(of: "?") else { return (String(text), nil) }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }
}
