import JSON
import Probing
import Tokenization

/// Reads `messages`: roles, texts and pictures in order.
enum ChatMessageReader {
    static func read(_ field: ProbeField) throws -> (messages: [ChatMessage], images: [ProbeField]) {
        let elements = try field.elements()
        guard !elements.isEmpty else {
            throw ProbeError.invalid(field.path, "is empty; send at least one user message")
        }
        var images: [ProbeField] = []
        let messages = try elements.map { try message($0, images: &images) }
        guard let last = messages.last, messages.contains(where: { $0.role == .user }) else {
            throw ProbeError.invalid(field.path, "holds no user message")
        }
        guard last.role != .system else { throw ProbeError.invalid(field.path, "must not end with a system message") }
        return (messages, images)
    }

    // MARK: - Private

    private static func message(_ field: ProbeField, images: inout [ProbeField]) throws -> ChatMessage {
        let roleField = try field.required("role")
        let name = try roleField.string()
        guard let role = ChatMessage.Role(rawValue: name == "developer" ? "system" : name) else {
            throw ProbeError.invalid(roleField.path, "is \"\(name)\"; roles are system, user and assistant")
        }
        // An answer may have no words; a question must.
        if role == .assistant, field.member("content") == nil { return ChatMessage(role: role, text: "") }
        let content = try field.required("content")
        if let text = content.value.string { return ChatMessage(role: role, parts: [.text(text)]) }
        guard content.value.array != nil else {
            throw ProbeError.invalid(content.path, "must be a string or an array of parts, not \(content.value.kind)")
        }
        let elements = try content.elements()
        guard !elements.isEmpty else {
            throw ProbeError.invalid(content.path, "is empty; send a string or a text part")
        }
        let parts = try elements.map { try part($0, role: role, images: &images) }
        return ChatMessage(role: role, parts: parts)
    }

    private static func part(
        _ field: ProbeField,
        role: ChatMessage.Role,
        images: inout [ProbeField]
    ) throws -> ChatMessage.Part {
        let kind = try field.required("type")
        switch try kind.string() {
        case "text":
            return .text(try field.required("text").string())
        case "image_url":
            guard role == .user else { throw ProbeError.invalid(field.path, "pictures belong into user messages") }
            let image = try field.required("image_url")
            let url = image.value.string == nil ? try image.required("url") : image
            _ = try url.string()
            images.append(url)
            return .image(images.count - 1)
        case let other:
            throw ProbeError.invalid(kind.path, "is \"\(other)\"; part types are text and image_url")
        }
    }
}
