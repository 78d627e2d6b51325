/// A probe that cannot be run as asked.
public struct ProbeError: Error, CustomStringConvertible, Sendable, Equatable {
    /// Who has to change what.
    public enum Kind: Sendable, Equatable {
        /// The request is malformed: a wrong type, an unknown word.
        case invalid
        /// The request is well formed but means nothing on this model or prompt: an empty span, a layer too many.
        case unsupported
    }

    /// Malformed or not applicable.
    public let kind: Kind
    /// The field of the request, such as `interventions[0].layers`.
    public let parameter: String
    /// What is wrong, with the limit and the value.
    public let message: String

    /// The message.
    public var description: String { message }

    /// A malformed field.
    public static func invalid(_ parameter: String, _ message: String) -> ProbeError {
        ProbeError(kind: .invalid, parameter: parameter, message: "\(parameter): \(message)")
    }

    /// A field that means nothing on this model or prompt.
    public static func unsupported(_ parameter: String, _ message: String) -> ProbeError {
        ProbeError(kind: .unsupported, parameter: parameter, message: "\(parameter): \(message)")
    }
}
