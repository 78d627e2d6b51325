/// What a part of the prompt is; the spans of the layout are made of these.
public enum PromptKind: Equatable, Hashable, Sendable {
    /// The token at the start of the text, put there by the tokenizer.
    case bos
    /// The system sentence or message.
    case system
    /// Role names, separators and closing tokens.
    case template
    /// The words of the last user turn.
    case question
    /// The words of earlier turns.
    case history
    /// The place of the image with this number.
    case image(Int)
    /// The start of the answer, given in the request, that generation continues.
    case answerPrefix
}

/// A part of a rendered prompt.
public struct PromptSegment: Equatable, Sendable {
    /// What it is.
    public let kind: PromptKind
    /// Its text; for an image the placeholder.
    public let text: String
    /// Whether the template wrote it: only then may it hold special tokens.
    public let isTrusted: Bool

    /// A part of a prompt.
    public init(kind: PromptKind, text: String, isTrusted: Bool) {
        self.kind = kind
        self.text = text
        self.isTrusted = isTrusted
    }
}
