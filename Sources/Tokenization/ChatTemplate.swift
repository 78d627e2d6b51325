/// The form in which a model was trained to see a conversation.
///
/// The begin-of-text token is not part of it: the tokenizer's post-processor adds that.
public enum ChatTemplate: String, CaseIterable, Sendable {
    /// `USER: <image>\n{q} ASSISTANT:`, as the `llava-hf` checkpoints publish it.
    case bare
    /// `{system} USER: <image>\n{q} ASSISTANT: {a}</s>USER: {q2} ASSISTANT:` (LLaVA-1.5, conversation `vicuna_v1`).
    case llavaV1 = "llava_v1"

    /// The text that stands for one image.
    public static let imagePlaceholder = "<image>"

    /// LLaVA-1.5's published system sentence.
    static let vicunaSystemSentence =
        "A chat between a curious human and an artificial intelligence assistant. "
        + "The assistant gives helpful, detailed, and polite answers to the human's questions."

    /// What closes an answer in LLaVA-1.5's own vocabulary.
    public static let standardClosing = "</s>"

    /// The prompt for a conversation, in order.
    ///
    /// Within a turn images precede text; text is kept to the byte. A system message replaces the template's own
    /// sentence. A last message of the assistant is left open, so that generation continues it.
    /// - Parameter closing: what closes an answer: the name of the model's end token.
    /// - Throws: `ChatTemplateError` for a conversation without a user turn or with an image outside one.
    public func render(
        _ messages: [ChatMessage],
        closing: String = ChatTemplate.standardClosing
    ) throws(ChatTemplateError) -> [PromptSegment] {
        let turns = messages.filter { $0.role != .system }
        try Self.validate(messages, turns: turns)
        var writer = SegmentWriter()
        writeSystem(messages.filter { $0.role == .system }, to: &writer)
        let question = turns.lastIndex { $0.role == .user }
        for (index, turn) in turns.enumerated() {
            let isLast = index == turns.count - 1
            switch turn.role {
            case .assistant: Self.writeAnswer(turn.text, closing: isLast ? nil : closing, to: &writer)
            default:
                Self.writeQuestion(turn, kind: index == question ? .question : .history, to: &writer)
                let isAnswered = !isLast && turns[index + 1].role == .assistant
                writer.template(isLast || isAnswered ? " ASSISTANT:" : " ")
            }
        }
        return writer.segments
    }

    /// What a further question adds to a prompt that has ended with the cue for an answer, the answer itself left out.
    public func renderTurn(_ question: String) -> [PromptSegment] {
        var writer = SegmentWriter()
        Self.writeQuestion(ChatMessage(role: .user, text: question), kind: .question, to: &writer)
        writer.template(" ASSISTANT:")
        return writer.segments
    }

    // MARK: - Private

    private static func validate(
        _ messages: [ChatMessage],
        turns: [ChatMessage]
    ) throws(ChatTemplateError) {
        guard !messages.isEmpty else { throw .noMessages }
        guard turns.contains(where: { $0.role == .user }) else { throw .noUserTurn }
        for (index, message) in messages.enumerated() where message.role != .user && !message.images.isEmpty {
            throw .imageOutsideUserTurn(message: index, role: message.role)
        }
        for index in turns.indices where turns[index].role == .assistant {
            guard index > 0, turns[index - 1].role == .user else { throw .answerWithoutQuestion }
        }
    }

    private func writeSystem(_ messages: [ChatMessage], to writer: inout SegmentWriter) {
        if !messages.isEmpty {
            writer.append(.system, messages.map(\.text).joined(separator: "\n"), isTrusted: false)
        } else if self == .llavaV1 {
            writer.append(.system, Self.vicunaSystemSentence, isTrusted: true)
        }
        if !writer.segments.isEmpty { writer.template(" ") }
    }

    private static func writeQuestion(_ turn: ChatMessage, kind: PromptKind, to writer: inout SegmentWriter) {
        writer.template("USER: ")
        for image in turn.images {
            writer.append(.image(image), imagePlaceholder, isTrusted: true)
            writer.template("\n")
        }
        writer.append(kind, turn.text, isTrusted: false)
    }

    /// Without a `closing` the answer stays open.
    private static func writeAnswer(_ text: String, closing: String?, to writer: inout SegmentWriter) {
        // An open answer without words leaves the prompt as generation expects it, without a space at the end.
        if closing == nil, text.isEmpty { return }
        writer.template(" ")
        writer.append(closing == nil ? .answerPrefix : .history, text, isTrusted: false)
        if let closing { writer.template(closing) }
    }
}

/// A conversation that no template can render.
public enum ChatTemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no message.
    case noMessages
    /// There is no message of the user.
    case noUserTurn
    /// An image is in a system or assistant message.
    case imageOutsideUserTurn(message: Int, role: ChatMessage.Role)
    /// An assistant message does not follow a user message.
    case answerWithoutQuestion

    /// The fault and what to do about it.
    public var description: String {
        switch self {
        case .noMessages: "messages is empty; give at least one message with the role user"
        case .noUserTurn: "messages holds no message with the role user; add one"
        case .imageOutsideUserTurn(let message, let role):
            "messages[\(message)] has the role \(role.rawValue) and an image; put images into user messages"
        case .answerWithoutQuestion:
            "an assistant message does not follow a user message; put the question it answers before it"
        }
    }
}

/// Collects segments, leaving out empty ones and joining neighbours of the template.
private struct SegmentWriter {
    private(set) var segments: [PromptSegment] = []

    mutating func template(_ text: String) {
        if let last = segments.last, last.kind == .template {
            segments[segments.count - 1] = PromptSegment(kind: .template, text: last.text + text, isTrusted: true)
        } else {
            append(.template, text, isTrusted: true)
        }
    }

    mutating func append(_ kind: PromptKind, _ text: String, isTrusted: Bool) {
        if !text.isEmpty { segments.append(PromptSegment(kind: kind, text: text, isTrusted: isTrusted)) }
    }
}
