public import Foundation
import HTTPTypes

/// One part of a form.
public struct MultipartPart: Sendable, Equatable {
    /// The form field's name.
    public let name: String
    /// The file name the client gave, which is a label and never a path.
    public let filename: String?
    /// The part's own media type, where given.
    public let contentType: MediaType?
    /// The part's bytes.
    public let body: Data
}

/// A `multipart/form-data` body (RFC 7578, RFC 2046 §5.1).
public struct MultipartForm: Sendable, Equatable {
    /// What a form may cost before it is refused.
    public struct Limits: Sendable, Equatable {
        /// Parts in one form.
        public var parts = 64
        /// Bytes of one part's header section.
        public var headerBytes = 8 * 1024

        /// The default limits.
        public init() {}
    }

    /// The parts in the order sent.
    public let parts: [MultipartPart]

    /// The form in a complete body.
    ///
    /// - Parameters:
    ///   - contentType: The request's media type; its `boundary` cuts the parts.
    /// - Throws: 400 for a form that is cut short or broken, 413 for one over the limits.
    public init(_ body: Data, contentType: MediaType, limits: Limits = Limits()) throws(HTTPError) {
        // RFC 2046 §5.1.1: a boundary has 1 to 70 characters.
        guard let boundary = contentType.parameters["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw .badRequest("Content-Type names no boundary of 1 to 70 characters", parameter: "Content-Type")
        }
        var reader = DelimiterReader(body, boundary: boundary)
        var parts: [MultipartPart] = []
        try reader.skipPreamble()
        while try reader.beginPart() {
            guard parts.count < limits.parts else {
                throw HTTPError(
                    status: .contentTooLarge,
                    code: "payload_too_large",
                    message: "The form has more than the limit of \(limits.parts) parts; send fewer"
                )
            }
            parts.append(try Self.part(try reader.takePart(), limits: limits))
        }
        self.parts = parts
    }

    // MARK: - Private

    private static func part(_ bytes: Data, limits: Limits) throws(HTTPError) -> MultipartPart {
        var lines = LineBuffer()
        lines.append(bytes.prefix(limits.headerBytes))
        var parserLimits = ParserLimits()
        parserLimits.headerCount = 16
        var section = HeaderSection(maximumBytes: limits.headerBytes, limits: parserLimits)
        while true {
            guard case .complete(let line) = lines.takeLine(limit: section.lineLimit) else {
                throw .badRequest("A form part's headers do not end within \(limits.headerBytes) bytes")
            }
            if line.isEmpty { break }
            try section.add(line)
        }
        let headerBytes = min(bytes.count, limits.headerBytes) - lines.count
        // RFC 7578 §4.2: each part is `form-data` with a name. `filename*` must not be used, and is not read.
        guard let text = section.fields[.contentDisposition], let disposition = FieldParameters(text),
            disposition.value.lowercased() == "form-data", let name = disposition.parameters["name"]
        else { throw .badRequest("A form part has no `Content-Disposition: form-data` with a name") }
        return MultipartPart(
            name: name,
            filename: disposition.parameters["filename"],
            contentType: section.fields[.contentType].flatMap { MediaType($0) },
            body: Data(bytes.dropFirst(headerBytes))
        )
    }
}
