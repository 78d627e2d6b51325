import Foundation

/// Cuts a multipart body at its delimiters (RFC 2046 §5.1.1).
struct DelimiterReader {
    private let body: Data
    private let delimiter: Data
    private var position: Data.Index

    init(_ body: Data, boundary: String) {
        self.body = body
        delimiter = Data("\r\n--\(boundary)".utf8)
        position = body.startIndex
    }

    /// Moves behind the first delimiter; at the very start of the body its CRLF is absent.
    mutating func skipPreamble() throws(HTTPError) {
        let first = delimiter.dropFirst(2)
        if body.starts(with: first) {
            position = body.startIndex + first.count
        } else if let found = body.range(of: delimiter) {
            position = found.upperBound
        } else {
            throw .badRequest("The form does not contain its boundary")
        }
    }

    /// Reads the end of a delimiter line: true if a part follows, false if the form is over.
    mutating func beginPart() throws(HTTPError) -> Bool {
        if body[position...].starts(with: "--".utf8) { return false }
        // Transport padding (RFC 2046 §5.1.1).
        while position < body.endIndex, body[position].isBlank { position += 1 }
        guard body[position...].starts(with: "\r\n".utf8) else {
            throw .badRequest("A form boundary is followed by something other than a line end")
        }
        position += 2
        return true
    }

    /// Takes the bytes up to the next delimiter.
    mutating func takePart() throws(HTTPError) -> Data {
        guard let found = body.range(of: delimiter, in: position..<body.endIndex) else {
            throw .badRequest("The form ends before its closing boundary")
        }
        defer { position = found.upperBound }
        return body[position..<found.lowerBound]
    }
}
