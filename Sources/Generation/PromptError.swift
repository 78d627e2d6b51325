/// A prompt that cannot be run.
public struct PromptError: Error, CustomStringConvertible, Sendable, Equatable {
    /// A stable word for programs, such as `context_length_exceeded`.
    public let code: String?
    /// The field of the request.
    public let parameter: String
    /// What is wrong, with the limit and the value.
    public let message: String

    /// The message.
    public var description: String { message }

    /// The same error of a prompt that stands at `path` of a request.
    public func within(_ path: String) -> PromptError {
        PromptError(code: code, parameter: "\(path).\(parameter)", message: "\(path).\(message)")
    }
}
