import JSON

/// Which members the objects of a body have, so that misspelt ones are named instead of silently ignored.
indirect enum KnownFields: Sendable, ExpressibleByDictionaryLiteral {
    /// A value without members of its own.
    case value
    /// An object with these members, or a list of such objects.
    case object([String: KnownFields])
    /// A span, which may hold spans.
    case span
    /// A chat body within another.
    case chatBody

    init(dictionaryLiteral elements: (String, KnownFields)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    /// Messages about the unknown members of `value`; many of them are summed up.
    func warnings(_ value: JSONValue) -> [String] {
        let paths = unknown(value, path: "")
        let limit = 32
        let named = paths.prefix(limit).map { "unknown field \"\($0.prefix(200))\" was ignored" }
        return paths.count > limit ? named + ["\(paths.count - limit) more unknown fields were ignored"] : named
    }

    // MARK: - Private

    private var members: [String: KnownFields]? {
        switch self {
        case .value: nil
        case .object(let members): members
        case .span: Self.spanMembers
        case .chatBody: Self.chat.merging(["array": .value]) { first, _ in first }
        }
    }

    private func unknown(_ value: JSONValue, path: String) -> [String] {
        guard let members else { return [] }
        if let elements = value.array {
            return elements.enumerated().flatMap { unknown($1, path: "\(path)[\($0)]") }
        }
        guard let object = value.object else { return [] }
        return object.sorted { $0.key < $1.key }.flatMap { key, value in
            let path = path.isEmpty ? key : "\(path).\(key)"
            return members[key].map { $0.unknown(value, path: path) } ?? [path]
        }
    }

    private static let spanMembers: [String: KnownFields] = [
        "range": .value, "patches": .value, "box": .value, "polygon": .value, "mask": .value, "rows": .value,
        "buffer": .value, "image": .value, "random": .value, "of": .span, "dilate": .span, "seed": .value,
        "union": .span, "minus": .span, "intersect": .span, "register": ["sigma": .value], "top_attended": .value,
    ]
}

extension KnownFields {
    /// Layer selectors.
    static let layers: KnownFields = [
        "from": .value, "to": .value, "window": .value, "except": .value, "center": .value, "width": .value,
        "fraction": .value,
    ]

    /// Interventions, and knockouts that name a list of them.
    static let intervention: KnownFields = .object(interventionMembers)
    static let knockout: KnownFields = .object(
        interventionMembers.merging(["name": .value, "interventions": intervention]) { first, _ in first }
    )

    /// The members of a chat body.
    static let chat: [String: KnownFields] = [
        "model": .value, "max_tokens": .value, "max_completion_tokens": .value, "temperature": .value, "top_p": .value,
        "top_k": .value, "min_p": .value, "seed": .value, "stop": .value, "stream": .value,
        "stream_options": ["include_usage": .value], "logprobs": .value, "top_logprobs": .value, "n": .value,
        "interventions": intervention, "encoding": .value, "dtype": .value,
        "messages": [
            "role": .value,
            "content": ["type": .value, "text": .value, "image_url": ["url": .value, "detail": .value]],
        ],
    ]

    private static let interventionMembers: [String: KnownFields] = [
        "kind": .value, "preset": .value, "from": .span, "to": .span, "layers": layers, "heads": .value,
        "mode": .value, "factor": .value, "tokens": .span, "replace": .value, "seed": .value, "site": ["layer": .value],
        "direction": ["word": .value, "token": .value, "vector": .value], "weight": .value, "only_positive": .value,
        "positions": .span, "source": .chatBody, "source_positions": .span,
    ]
}
