extension ChatTemplate {
    /// The template that `auto` stands for: the built-in one that means the same as the checkpoint's own, else the
    /// family's, else `bare`.
    ///
    /// - Parameters:
    ///   - checkpointTemplate: the Jinja text from `chat_template.json`, `chat_template.jinja` or
    ///     `tokenizer_config.json`.
    ///   - family: the checkpoint's `model_type`.
    public static func detect(checkpointTemplate: String?, family: String? = nil) -> ChatTemplate {
        if let template = checkpointTemplate.flatMap(recognize) { return template }
        return family == "llava" ? .llavaV1 : .bare
    }

    // MARK: - Private

    /// What templates equal in meaning to the built-in ones may write, apart from message contents. Jinja sources of
    /// one template differ in spacing, comments and control flow, so what they write is compared, not how.
    private static let writable: Set<String> = [
        "USER", "USER:", "ASSISTANT", "ASSISTANT:", ":", "", imagePlaceholder, "</s>",
    ]

    private static func recognize(_ template: String) -> ChatTemplate? {
        let literals = JinjaLiterals.written(by: template)
        let words = Set(literals.map { $0.filter { !$0.isWhitespace } })
        let sentence = vicunaSystemSentence.filter { !$0.isWhitespace }
        guard words.contains(imagePlaceholder), words.contains("ASSISTANT:") else { return nil }
        guard words.subtracting([sentence]).isSubset(of: writable) else { return nil }
        return words.contains(sentence) ? .llavaV1 : .bare
    }
}

/// The texts that a Jinja template writes as they stand.
private enum JinjaLiterals {
    /// Raw text outside tags and string literals inside `{{ }}`, without subscripts such as `['role']`.
    static func written(by template: String) -> [String] {
        var literals: [String] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            let inside = rest[rest.index(after: open)...]
            guard let mark = inside.first, let closing = closings[mark], let end = inside.firstRange(of: closing) else {
                literals.append(String(rest[...open]))
                rest = inside
                continue
            }
            literals.append(String(rest[..<open]))
            if mark == "{" { literals += strings(in: inside[..<end.lowerBound]) }
            rest = inside[end.upperBound...]
        }
        return literals + [String(rest)]
    }

    private static let closings: [Character: String] = ["{": "}}", "%": "%}", "#": "#}"]

    private static func strings(in expression: Substring) -> [String] {
        var strings: [String] = []
        var quote: Character?
        var current = ""
        var isSubscript = false
        var isEscaped = false
        var previous: Character?
        for character in expression {
            if isEscaped {
                current.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\", quote != nil {
                isEscaped = true
            } else if character == quote {
                if !isSubscript { strings.append(current) }
                quote = nil
            } else if quote != nil {
                current.append(character)
            } else if character == "'" || character == "\"" {
                quote = character
                current = ""
                isSubscript = previous == "["
            }
            if !character.isWhitespace { previous = character }
        }
        return strings
    }
}
