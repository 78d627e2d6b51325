import JSON

/// What streams are made of, as JSON Schema: server-sent events without names, whose data are JSON values.
enum OpenAPIEvents: SchemaWords {
    static let all: [String: JSONValue] = [
        "CompletionChunk": chunk, "MetaEvent": meta, "TokenEvent": token, "ProgressEvent": progress,
        "VariantEvent": variant, "ErrorEvent": event("error", ["error": OpenAPIParts.errorMembers]),
    ]

    /// The stream of a route whose whole answer has the schema `name`: the list of its events.
    static func stream(of name: String) -> JSONValue {
        let values =
            name == "Completion"
            ? [reference("CompletionChunk"), reference("ErrorEvent")]
            : ["MetaEvent", "TokenEvent", "ProgressEvent", "VariantEvent", "ErrorEvent"].map(reference) + [result(name)]
        let data: JSONValue = [
            "oneOf": [
                ["const": "[DONE]", "description": "The last event"],
                ["type": "string", "contentMediaType": "application/json", "contentSchema": ["oneOf": .array(values)]],
            ]
        ]
        return ["type": "array", "items": complete(["data": data])]
    }

    // MARK: - Private

    /// An object told from the others by its `type`; it always has its members but the optional ones.
    private static func event(
        _ type: String,
        _ members: [String: JSONValue],
        optional: Set<String> = []
    ) -> JSONValue {
        complete(.object(members.merging(["type": ["const": .string(type)]]) { $1 }), optional: optional)
    }

    /// The whole answer once more.
    private static func result(_ name: String) -> JSONValue {
        ["allOf": [event("result", [:]), reference(name)]]
    }

    private static let meta = event("meta", ["layout": reference("Layout")])

    private static let token = event(
        "token",
        [
            "id": integer, "text": string, "logprob": number,
            "attention": object([
                "position": integer, "layers": list(integer), "heads": list(integer), "maps": reference("NumberArray"),
                "fractions": OpenAPIParts.map(reference("NumberArray")), "excluded_mass": reference("NumberArray"),
            ]),
            "warnings": OpenAPIParts.warnings,
        ],
        optional: ["attention", "warnings"]
    )

    private static let words = list(complete(["id": integer, "text": string, "prob": number]))

    private static let progress: JSONValue = {
        let members: [String: JSONValue] = [
            "done": integer, "total": integer,
            "baseline": reference("Run"), "variants": integer,
            "layer": integer, "layers": integer, "position": integer, "top": list(words), "target_prob": list(number),
        ]
        var schema = event("progress", members, optional: Set(members.keys)).object ?? [:]
        schema["description"] = .string(
            "Steps that are done; a study's baseline and how many variants follow; or what a lens read, of one layer at "
                + "all positions of the prompt or of one position of the answer at all layers"
        )
        return .object(schema)
    }()

    private static let variant = event("variant", ["index": integer, "variant": reference("Variant")])

    private static let chunk = complete(
        [
            "id": string, "object": ["const": "chat.completion.chunk"], "created": integer, "model": string,
            "choices": list(
                complete([
                    "index": integer, "delta": object(["role": ["const": "assistant"], "content": string]),
                    "logprobs": OpenAPIParts.logprobs,
                    "finish_reason": ["enum": ["stop", "length", nil]],
                ])
            ),
            "usage": OpenAPIParts.nullable("Usage"), "timings": reference("Timings"),
            "resolved": list(reference("Resolved")), "warnings": OpenAPIParts.warnings,
        ],
        optional: ["usage", "timings", "resolved", "warnings"]
    )
}
