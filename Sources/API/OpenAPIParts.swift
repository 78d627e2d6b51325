import JSON

/// Parts that several answers share, as JSON Schema.
enum OpenAPIParts {
    static let all: [String: JSONValue] = [
        "Token": token, "Run": run, "Resolved": resolved, "Comparison": comparison, "Variant": variant, "Cost": cost,
        "ObjectCounts": objectCounts, "Usage": usage, "Timings": timings, "Choice": choice, "NumberArray": numberArray,
        "Scores": scores,
    ]

    static let string: JSONValue = ["type": "string"]
    static let integer: JSONValue = ["type": "integer"]
    static let number: JSONValue = ["type": "number"]
    static let boolean: JSONValue = ["type": "boolean"]
    static let warnings = OpenAPISchemas.list(string)

    /// A reference to a schema, or null.
    static func nullable(_ name: String) -> JSONValue { ["oneOf": [OpenAPISchemas.reference(name), ["type": "null"]]] }

    /// An object whose members' names are data.
    static func map(_ values: JSONValue) -> JSONValue { ["type": "object", "additionalProperties": values] }

    // MARK: - Private

    private static func object(_ properties: JSONValue, optional: Set<String> = []) -> JSONValue {
        let names = (properties.object ?? [:]).keys.filter { !optional.contains($0) }.sorted()
        return OpenAPISchemas.object(properties, required: names)
    }

    private static func list(_ items: JSONValue) -> JSONValue { OpenAPISchemas.list(items) }

    private static func reference(_ name: String) -> JSONValue { OpenAPISchemas.reference(name) }

    private static let token = object(["id": integer, "text": string, "logprob": number])

    private static let run = object(
        [
            "text": string, "tokens": list(reference("Token")), "finish_reason": string, "correct": boolean,
            "next": object([
                "top": list(reference("Token")), "targets": map(object(["id": integer, "logprob": number])),
            ]),
        ],
        optional: ["correct"]
    )

    private static let positions = object([
        "positions": list(["type": "array", "items": integer, "minItems": 2, "maxItems": 2]), "generated": boolean,
    ])

    private static let resolved: JSONValue = [
        "description": "What one intervention resolved to: a change of edges, or of the states at one site",
        "oneOf": [
            object(["layers": list(integer), "heads": list(integer), "from": positions, "to": positions]),
            object(["site": string, "layers": list(integer), "tokens": positions]),
        ],
    ]

    private static let objectCounts = object([
        "tp": integer, "fn": integer, "fp": integer, "precision": number, "recall": number, "f1": number,
    ])

    private static let comparison = object(
        [
            "common_prefix": integer, "first_token_changed": boolean, "delta_logprob": map(number),
            "delta_prob": map(number), "delta_logit": map(number), "relative_change": map(number), "kl_next": number,
            "objects": nullable("ObjectCounts"), "flipped": boolean,
        ],
        optional: ["flipped"]
    )

    private static let variant = object(
        [
            "name": string, "layers": list(integer), "interventions": list(reference("Intervention")),
            "resolved": list(reference("Resolved")), "positions": list(integer), "run": reference("Run"),
            "compare": reference("Comparison"),
        ],
        optional: ["positions"]
    )

    /// The first token's distribution: of the targets, and the likeliest ones.
    private static func distribution(_ ids: JSONValue) -> [String: JSONValue] {
        ["logprob": reference("NumberArray"), "top_id": ids, "top_logprob": reference("NumberArray")]
    }

    private static let scores: JSONValue = {
        let figures = [
            "delta_logprob", "delta_prob", "delta_logit", "relative_change", "kl_next", "precision", "recall", "f1",
        ]
        var fields = distribution(list(list(integer)))
        for figure in figures { fields[figure] = reference("NumberArray") }
        fields["targets"] = list(object(["text": string, "id": integer]))
        fields["baseline"] = object(.object(distribution(list(integer))))
        var schema = object(.object(fields), optional: ["precision", "recall", "f1"]).object ?? [:]
        schema["description"] =
            "The variants' figures, one row for each, where arrays were asked for as base64 or NPZ"
        return .object(schema)
    }()

    private static let cost = object(["shared_prefix_tokens": integer, "rows": integer, "seconds": number])

    private static let usage = object([
        "prompt_tokens": integer, "completion_tokens": integer, "total_tokens": integer,
        "prompt_tokens_details": object(["cached_tokens": integer]),
    ])

    private static let timings = object([
        "prompt_n": integer, "prompt_ms": number, "prompt_per_second": ["type": ["number", "null"]],
        "predicted_n": integer, "predicted_ms": number, "predicted_per_second": ["type": ["number", "null"]],
    ])

    private static let scoredText: [String: JSONValue] = ["token": string, "logprob": number, "bytes": list(integer)]

    private static let choice = object([
        "index": integer, "finish_reason": ["enum": ["stop", "length"]],
        "message": object(["role": ["const": "assistant"], "content": string, "refusal": ["type": "null"]]),
        "logprobs": [
            "oneOf": [
                ["type": "null"],
                object([
                    "refusal": ["type": "null"],
                    "content": list(
                        object(
                            .object(
                                scoredText.merging(["top_logprobs": list(object(.object(scoredText)))]) { first, _ in
                                    first
                                }
                            )
                        )
                    ),
                ]),
            ]
        ],
    ])

    private static let numberArray: JSONValue = [
        "description": "Nested arrays, or little-endian row-major numbers in base64",
        "oneOf": [
            ["type": "array"],
            object(["dtype": ["enum": ["f32", "f16"]], "shape": list(integer), "data": string]),
        ],
    ]
}
