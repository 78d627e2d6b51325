/// A model directory that cannot be served, or an input that a model cannot take.
///
/// The message names the file and field, the value found and what would be accepted.
public struct ModelError: Error, CustomStringConvertible, Sendable {
    /// What is wrong and what to do about it.
    public let message: String

    /// Makes an error from a complete sentence.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
