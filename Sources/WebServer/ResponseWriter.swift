public import Foundation
public import HTTPCore

/// The sending end of a streamed body.
public struct ResponseWriter: Sendable {
    private let send: @Sendable ([UInt8]) async throws -> Void

    /// A writer that hands its bytes to `send`; tests pass a closure that collects them.
    public init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.send = send
    }

    /// Writes bytes and waits until the system has taken them, so that a slow reader slows its producer.
    ///
    /// - Throws: `ConnectionGone` once the client cannot be reached any more.
    public func write(_ bytes: [UInt8]) async throws {
        try await send(bytes)
    }

    /// Writes data; see `write(_:)` for bytes.
    public func write(_ data: Data) async throws {
        try await send(Array(data))
    }

    /// Writes one server-sent event.
    public func write(_ event: ServerSentEvent) async throws {
        try await send(event.encoded)
    }
}

/// Thrown into a handler that writes to a client that is gone.
public struct ConnectionGone: Error, Sendable, CustomStringConvertible {
    /// What happened, for logs.
    public var description: String { "The client is gone" }
}
