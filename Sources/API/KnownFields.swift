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
    /// An intervention, whose kind says which members it reads, or a list of them; a `named` one may be a variant, which
    /// has a name and perhaps a list of its own.
    case intervention(named: Bool)

    init(dictionaryLiteral elements: (String, KnownFields)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    /// Messages about the members of `value` that nobody reads; many of them are summed up.
    func warnings(_ value: JSONValue) -> [String] {
        let ignored = ignored(value, path: "")
        let limit = 32
        let named = ignored.prefix(limit).map(\.warning)
        return ignored.count > limit ? named + ["\(ignored.count - limit) more fields were ignored"] : named
    }

    // MARK: - Private

    /// A member that nobody reads.
    private struct Ignored {
        let path: String
        /// Who might have read it; `nil` for a member that nothing has.
        var reader: String?

        var warning: String {
            reader.map { "\(path.prefix(200)) was ignored: \($0) does not read it" }
                ?? "unknown field \"\(path.prefix(200))\" was ignored"
        }
    }

    private var members: [String: KnownFields]? {
        switch self {
        case .value: nil
        case .object(let members): members
        case .span: Self.spanMembers
        case .chatBody: Self.chat.merging(["array": .value]) { first, _ in first }
        case .intervention(let isNamed): isNamed ? Self.variantMembers : Self.interventionMembers
        }
    }

    private func ignored(_ value: JSONValue, path: String) -> [Ignored] {
        guard let members else { return [] }
        if let elements = value.array {
            return elements.enumerated().flatMap { ignored($1, path: "\(path)[\($0)]") }
        }
        guard let object = value.object else { return [] }
        let reader = reader(of: object)
        return object.sorted { $0.key < $1.key }.flatMap { key, value in
            let path = path.isEmpty ? key : "\(path).\(key)"
            guard let member = members[key] else { return [Ignored(path: path)] }
            if let reader, !reader.members.contains(key), value != .null {
                return [Ignored(path: path, reader: reader.name)]
            }
            return member.ignored(value, path: path)
        }
    }

    /// What reads fewer members than all of its kind have.
    private func reader(of object: [String: JSONValue]) -> (name: String, members: Set<String>)? {
        guard case .intervention(let isNamed) = self else { return nil }
        let outer: Set<String> = isNamed ? ["name"] : []
        if isNamed, object["interventions"] ?? .null != .null {
            return ("a variant with interventions", outer.union(["interventions"]))
        }
        let kind = object["kind"]?.string ?? ""
        if kind == "attention_knockout", let preset = object["preset"]?.string {
            return ("the preset \"\(preset.prefix(40))\"", outer.union(["kind", "preset", "layers"]))
        }
        return OpenAPIInterventions.members[kind].map { ("the kind \"\(kind)\"", outer.union($0).union(["kind"])) }
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

    /// An ablation of `/v1/ablation`, which needs no kind.
    static let ablation: KnownFields = [
        "kind": .value, "name": .value, "tokens": .span, "replace": .value, "seed": .value, "site": ["layer": .value],
    ]

    /// The members of a chat body.
    static let chat: [String: KnownFields] = [
        "model": .value, "max_tokens": .value, "max_completion_tokens": .value, "temperature": .value, "top_p": .value,
        "top_k": .value, "min_p": .value, "seed": .value, "stop": .value, "stream": .value,
        "stream_options": ["include_usage": .value], "logprobs": .value, "top_logprobs": .value, "n": .value,
        "interventions": .intervention(named: false), "encoding": .value, "dtype": .value,
        "messages": [
            "role": .value,
            "content": ["type": .value, "text": .value, "image_url": ["url": .value, "detail": .value]],
        ],
    ]

    private static let variantMembers = interventionMembers.merging(
        ["name": .value, "interventions": .intervention(named: false)]
    ) { first, _ in first }

    /// The members of interventions of any kind, with what they hold.
    static let interventionMembers: [String: KnownFields] = [
        "kind": .value, "preset": .value, "from": .span, "to": .span, "layers": layers, "heads": .value,
        "mode": .value, "factor": .value, "tokens": .span, "replace": .value, "seed": .value, "site": ["layer": .value],
        "direction": ["word": .value, "token": .value, "vector": .value], "weight": .value, "only_positive": .value,
        "positions": .span, "source": .chatBody, "source_positions": .span,
    ]
}
