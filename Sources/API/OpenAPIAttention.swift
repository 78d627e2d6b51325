import JSON
import Probing

/// What `/v1/attention` takes and answers, as JSON Schema.
enum OpenAPIAttention: SchemaWords {
    static let all: [String: JSONValue] = [
        "Attention": request, "AttentionAnswer": answer, "DecoderAttention": decoderAttention,
        "VisionAttention": visionAttention,
    ]

    // MARK: - Private

    private static let request = OpenAPISchemas.chat(adding: [
        "attention": object([
            "tower": [
                "description": "With \"vision\" nothing is decoded; rows may then be \"patches\" or \"class\" too",
                "enum": .array(AttentionRequest.Tower.allCases.map { .string($0.rawValue) }), "default": "text",
            ],
            "rows": reference("Span"),
            "layers": reference("Layers"),
            "heads": ["oneOf": [["enum": ["mean", "max", "all"]], ["type": "array", "items": integer]]],
            "columns": [
                "description": "Image positions in order, or every position up to that of the last row",
                "enum": ["image", "all"], "default": "image",
            ],
            "normalize": [
                "description": "\"image\" scales each row of a map so that its image columns sum to one",
                "enum": ["none", "image"], "default": "none",
            ],
            "rollout": [
                "type": "boolean", "default": false,
                "description": "Attention traced back through all layers up to each; heads must be \"mean\"",
            ],
            "exclude_sinks": [
                "description": "Leaves out image tokens whose normed state reaches tau in a sink dimension",
                "oneOf": [
                    boolean,
                    object([
                        "tau": ["type": "number", "exclusiveMinimum": 0, "default": 20],
                        "dimensions": ["type": "array", "items": integer, "minItems": 1],
                    ]),
                ],
            ],
        ]),
        "render": OpenAPISchemas.render,
    ])

    /// Sinks that the maps leave out, layer by layer, and the mass of each row and layer that went to them.
    private static let sinks = object([
        "tau": number, "dimensions": list(list(integer)), "positions": list(list(integer)),
        "columns": list(list(integer)), "mass": reference("NumberArray"),
    ])

    /// For either tower.
    private static let answer: JSONValue = [
        "oneOf": [reference("DecoderAttention"), reference("VisionAttention")]
    ]

    private static let visionAttention = object(
        [
            "layout": reference("Layout"),
            "attention": object(
                [
                    "tower": ["const": "vision"],
                    "rows": list(
                        object([
                            "image": integer, "token": ["enum": ["class", "patch"]],
                            "patch": ["type": ["integer", "null"]], "position": ["type": ["integer", "null"]],
                        ])
                    ),
                    "layers": list(integer), "heads": ["type": ["array", "null"], "items": integer],
                    "maps": reference("NumberArray"),
                    "fractions": object(["class": reference("NumberArray"), "image": reference("NumberArray")]),
                ],
                required: ["tower", "rows", "layers", "maps", "fractions"]
            ),
            "warnings": list(string),
        ],
        required: ["layout", "attention"]
    )

    private static let decoderAttention = object(
        [
            "text": string, "tokens": list(reference("Token")), "finish_reason": string,
            "layout": reference("Layout"),
            "attention": object([
                "rows": list(object(["position": integer, "token": string])), "layers": list(integer),
                "heads": ["type": ["array", "null"], "items": integer],
                "maps": [
                    "description":
                        "[rows][layers](heads)[columns]; a row that sees fewer columns than the last ends in zeros",
                    "$ref": "#/components/schemas/NumberArray",
                ],
                "fractions": [
                    "description":
                        "[rows][layers] by kind of position, mean over the listed heads or else over all; they sum to one",
                    "type": "object", "additionalProperties": reference("NumberArray"),
                ],
                "rollout": ["const": true], "sinks": sinks,
            ]),
            "usage": reference("Usage"), "timings": reference("Timings"), "resolved": list(reference("Resolved")),
            "warnings": list(string),
        ],
        required: ["text", "tokens", "finish_reason", "layout", "attention"]
    )
}
