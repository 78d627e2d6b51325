import JSON

/// Parts that several answers share, as JSON Schema.
enum OpenAPIParts: SchemaWords {
    static let all: [String: JSONValue] = [
        "Token": token, "Run": run, "Resolved": resolved, "Comparison": comparison, "Variant": variant, "Cost": cost,
        "ObjectCounts": objectCounts, "Usage": usage, "Timings": timings, "Choice": choice, "NumberArray": numberArray,
        "Scores": scores,
    ]

    static let warnings = list(string)

    /// A reference to a schema, or null.
    static func nullable(_ name: String) -> JSONValue { ["oneOf": [reference(name), ["type": "null"]]] }

    /// An object whose members' names are data.
    static func map(_ values: JSONValue) -> JSONValue { ["type": "object", "additionalProperties": values] }

    /// What every error says.
    static let errorMembers = complete([
        "message": string, "type": string, "param": ["type": ["string", "null"]],
        "code": ["type": ["string", "null"]],
    ])

    /// Log-probabilities of a choice's tokens, or null.
    static let logprobs: JSONValue = [
        "oneOf": [
            ["type": "null"],
            complete([
                "refusal": ["type": "null"],
                "content": list(
                    complete(
                        .object(
                            scoredText.merging(["top_logprobs": list(complete(.object(scoredText)))]) { first, _ in
                                first
                            }
                        )
                    )
                ),
            ]),
        ]
    ]

    // MARK: - Private

    private static let token = complete(["id": integer, "text": string, "logprob": number])

    private static let run = complete(
        [
            "text": string, "tokens": list(reference("Token")), "finish_reason": string, "correct": boolean,
            "next": complete([
                "top": list(reference("Token")), "targets": map(complete(["id": integer, "logprob": number])),
            ]),
        ],
        optional: ["correct"]
    )

    private static let positions = complete([
        "positions": list(["type": "array", "items": integer, "minItems": 2, "maxItems": 2]), "generated": boolean,
    ])

    private static let resolved: JSONValue = [
        "description": "What one intervention resolved to: a change of edges, or of the states at one site",
        "oneOf": [
            complete(["layers": list(integer), "heads": list(integer), "from": positions, "to": positions]),
            complete(["site": string, "layers": list(integer), "tokens": positions]),
        ],
    ]

    private static let objectCounts = complete([
        "tp": integer, "fn": integer, "fp": integer, "precision": number, "recall": number, "f1": number,
    ])

    private static let comparison = complete(
        [
            "common_prefix": integer, "first_token_changed": boolean, "delta_logprob": map(number),
            "delta_prob": map(number), "delta_logit": map(number), "relative_change": map(number), "kl_next": number,
            "objects": nullable("ObjectCounts"), "flipped": boolean,
        ],
        optional: ["flipped"]
    )

    private static let variant = complete(
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
        fields["targets"] = list(complete(["text": string, "id": integer]))
        fields["baseline"] = complete(.object(distribution(list(integer))))
        var schema = complete(.object(fields), optional: ["precision", "recall", "f1"]).object ?? [:]
        schema["description"] =
            "The variants' figures, one row for each, where arrays were asked for as base64 or NPZ"
        return .object(schema)
    }()

    private static let cost = complete(["shared_prefix_tokens": integer, "rows": integer, "seconds": number])

    private static let usage = complete([
        "prompt_tokens": integer, "completion_tokens": integer, "total_tokens": integer,
        "prompt_tokens_details": complete(["cached_tokens": integer]),
    ])

    private static let timings = complete([
        "prompt_n": integer, "prompt_ms": number, "prompt_per_second": ["type": ["number", "null"]],
        "predicted_n": integer, "predicted_ms": number, "predicted_per_second": ["type": ["number", "null"]],
    ])

    private static let scoredText: [String: JSONValue] = ["token": string, "logprob": number, "bytes": list(integer)]

    private static let choice = complete([
        "index": integer, "finish_reason": ["enum": ["stop", "length"]],
        "message": complete(["role": ["const": "assistant"], "content": string, "refusal": ["type": "null"]]),
        "logprobs": logprobs,
    ])

    private static let numberArray: JSONValue = [
        "description": "Nested arrays, or little-endian row-major numbers in base64",
        "oneOf": [
            ["type": "array"],
            complete(["dtype": ["enum": ["f32", "f16"]], "shape": list(integer), "data": string]),
        ],
    ]
}
