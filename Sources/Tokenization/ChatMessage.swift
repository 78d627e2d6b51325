/// One message of a conversation.
public struct ChatMessage: Equatable, Sendable {
    /// Who speaks.
    public enum Role: String, Sendable {
        /// Sets the scene; comes before all turns.
        case system
        /// Asks, and shows images.
        case user
        /// Answers; as the last message it is an answer to be continued.
        case assistant
    }

    /// A part of a message's content.
    public enum Part: Equatable, Sendable {
        /// Words, kept to the byte.
        case text(String)
        /// The image with this number, counted from 0 over the whole conversation.
        case image(Int)
    }

    /// Who speaks.
    public var role: Role
    /// The content in the order it was given; templates put a turn's images before its text.
    public var parts: [Part]

    /// A message made of parts.
    public init(role: Role, parts: [Part]) {
        self.role = role
        self.parts = parts
    }

    /// A message of words alone.
    public init(role: Role, text: String) {
        self.init(role: role, parts: [.text(text)])
    }

    /// The numbers of the message's images.
    var images: [Int] {
        parts.compactMap { if case .image(let index) = $0 { index } else { nil } }
    }

    /// The message's words; parts are joined by a space, as LLaVA's published template does.
    var text: String {
        parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: " ")
    }
}
