import Foundation

/// A failed socket call.
public struct SocketError: Error, Sendable, CustomStringConvertible {
    /// What was attempted, and on which address.
    public let operation: String
    /// The system's error number, 0 where a name did not resolve.
    public let number: Int32
    /// The reason in words.
    public let reason: String

    init(_ operation: String, number: Int32 = errno) {
        self.operation = operation
        self.number = number
        reason = String(cString: strerror(number))
    }

    init(_ operation: String, reason: String) {
        self.operation = operation
        self.number = 0
        self.reason = reason
    }

    /// The attempt and the reason.
    public var description: String { "Cannot \(operation): \(reason)" }
}
