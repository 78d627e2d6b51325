/// A tokenizer definition that cannot be used, with the reason and the place in the file.
public struct TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, in kinds a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// The file cannot be read.
        case unreadableFile
        /// The bytes are not JSON.
        case invalidJSON
        /// A field is absent, has the wrong type, or holds a value outside its range.
        case invalidField
        /// A component (normalizer, model, decoder, …) that this implementation does not have.
        case unsupportedComponent
        /// The vocabulary, the merges or the added tokens contradict each other.
        case invalidVocabulary
        /// A count or an id is above its limit.
        case limitExceeded
    }

    /// The kind of fault.
    public let code: Code
    /// The fault in words: the thing, the limit and the value.
    public let message: String

    /// The message, prefixed by what it is about.
    public var description: String { "tokenizer.json: \(message)" }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
