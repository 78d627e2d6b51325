public import Foundation
public import HTTPTypes

/// The one error of the HTTP stack: a status and the fields of the JSON body that explains it.
///
/// Parsers, router and handlers all throw it; the server alone turns it into a response.
public struct HTTPError: Error, Sendable, Equatable {
    /// The status of the answer.
    public var status: HTTPResponse.Status
    /// The family of the error, such as `invalid_request_error`.
    public var type: String
    /// A stable word for programs, such as `payload_too_large`.
    public var code: String?
    /// A sentence for people: what was wrong, the limit, and what to do next.
    public var message: String
    /// The request field at fault, where there is one.
    public var parameter: String?
    /// Header fields the answer must carry, such as `Allow` or `Retry-After`.
    public var headers: HTTPFields

    /// An error with every field given.
    public init(
        status: HTTPResponse.Status,
        type: String = "invalid_request_error",
        code: String? = nil,
        message: String,
        parameter: String? = nil,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.parameter = parameter
        self.headers = headers
    }

    /// The JSON body `{"error":{"message","type","param","code"}}`; absent members are `null`.
    public var body: Data {
        // Four strings always encode; an empty body would still carry the status.
        (try? Self.encoder.encode(Payload(error: self))) ?? Data()
    }

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return encoder
    }()
}

extension HTTPError: CustomStringConvertible {
    /// The status and the message, for logs.
    public var description: String { "\(status.code) \(code ?? type): \(message)" }
}

extension HTTPError {
    /// 400: the request breaks the grammar of HTTP or of the route.
    public static func badRequest(_ message: String, code: String? = nil, parameter: String? = nil) -> HTTPError {
        HTTPError(status: .badRequest, code: code, message: message, parameter: parameter)
    }

    /// 413: the body is over `limit` bytes.
    public static func payloadTooLarge(_ what: String, limit: Int) -> HTTPError {
        HTTPError(
            status: .contentTooLarge,
            code: "payload_too_large",
            message: "\(what) is over the limit of \(limit) bytes; send less, or raise the server's body limit"
        )
    }

    /// 431: the header section is over a limit.
    public static func headersTooLarge(_ message: String) -> HTTPError {
        HTTPError(status: .requestHeaderFieldsTooLarge, code: "headers_too_large", message: message)
    }

    /// 500: something failed that the client can do nothing about; details belong in the log, not here.
    public static func serverError(_ message: String = "The server failed to answer; its log has the cause")
        -> HTTPError
    {
        HTTPError(status: .internalServerError, type: "server_error", code: "server_error", message: message)
    }
}

// MARK: - Private

private struct Payload: Encodable {
    let error: HTTPError

    enum Keys: String, CodingKey { case error }
    enum Members: String, CodingKey { case message, type, param, code }

    func encode(to encoder: any Encoder) throws {
        var outer = encoder.container(keyedBy: Keys.self)
        var inner = outer.nestedContainer(keyedBy: Members.self, forKey: .error)
        try inner.encode(error.message, forKey: .message)
        try inner.encode(error.type, forKey: .type)
        try inner.encode(error.parameter, forKey: .param)
        try inner.encode(error.code, forKey: .code)
    }
}
