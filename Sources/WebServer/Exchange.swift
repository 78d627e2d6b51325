import HTTPCore
import HTTPTypes

/// One request being answered on a connection.
struct Exchange {
    let head: RequestHead?
    let requestID: String
    let began: ContinuousClock.Instant
    /// The pattern of the route that answers.
    var pattern: String?
    var encoder: ResponseEncoder
    /// The response whose head waits for the first byte of its body, so that a late error can still replace it.
    var pending: ServerResponse?
    /// The status sent, or `nil` before the head went out.
    var status: HTTPResponse.Status?

    /// - Parameter head: `nil` where the request could not be read that far.
    init(head: RequestHead?, keepAlive: Bool, began: ContinuousClock.Instant) {
        self.head = head
        self.began = began
        requestID = RequestIdentifier.identifier(in: head?.headers)
        let isReusable = head?.keepAlive ?? false
        encoder = ResponseEncoder(
            method: head?.method ?? .get,
            version: head?.version ?? .http11,
            keepAlive: isReusable && keepAlive
        )
    }
}
