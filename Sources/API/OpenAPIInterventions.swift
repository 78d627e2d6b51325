import JSON
import Probing

/// The forms of an intervention, as JSON Schema.
enum OpenAPIInterventions: SchemaWords {
    static let schema: JSONValue = [
        "oneOf": [
            ["enum": .array(KnockoutPreset.allCases.map { .string($0.rawValue) })],
            kind(
                "attention_knockout",
                [
                    "preset": ["enum": .array(KnockoutPreset.allCases.map { .string($0.rawValue) })],
                    "from": span, "to": span, "layers": layers, "heads": heads, "mode": mode,
                ]
            ),
            kind(
                "attention_scale",
                [
                    "from": span, "to": span, "layers": layers, "heads": heads, "mode": mode,
                    "factor": ["type": "number", "minimum": 0, "maximum": 1_000_000],
                ],
                required: ["from", "to", "factor"]
            ),
            kind(
                "token_ablation",
                [
                    "tokens": span, "seed": ["type": "integer", "default": 0],
                    "replace": ["enum": .array(Replacement.names.map { .string($0) }), "default": "mean"],
                    "site": [
                        "oneOf": [
                            ["const": "embeddings"],
                            object(["layer": ["type": "integer", "minimum": 0]], required: ["layer"]),
                        ],
                        "default": "embeddings",
                    ],
                ],
                required: ["tokens"]
            ),
            kind("head_ablation", ["layers": layers, "heads": heads, "positions": span], required: ["heads"]),
            kind(
                "project_away",
                [
                    "tokens": span, "layers": layers, "weight": ["type": "number", "default": 1],
                    "only_positive": ["type": "boolean", "default": true],
                    "direction": [
                        "oneOf": [
                            object(["word": string], required: ["word"]),
                            object(["token": integer], required: ["token"]),
                            object(["vector": numbers], required: ["vector"]),
                        ]
                    ],
                ],
                required: ["tokens", "direction"]
            ),
            kind(
                "activation_patch",
                [
                    "site": string, "positions": span, "source_positions": span,
                    "source": [
                        "oneOf": [
                            reference("Chat"),
                            object(["array": numbers], required: ["array"]),
                        ]
                    ],
                ],
                required: ["site", "positions", "source"]
            ),
        ]
    ]

    /// The members that an intervention of each kind reads beside its kind.
    static let members: [String: Set<String>] = {
        let forms = (schema["oneOf"]?.array ?? []).compactMap { $0["properties"]?.object }
        let named = forms.compactMap { form in
            form["kind"]?["const"]?.string.map { ($0, Set(form.keys).subtracting(["kind"])) }
        }
        return Dictionary(named) { first, _ in first }
    }()

    // MARK: - Private

    private static let span = reference("Span")
    private static let layers = reference("Layers")
    private static let heads: JSONValue = [
        "oneOf": [["const": "all"], ["type": "array", "items": integer]]
    ]
    private static let mode: JSONValue = [
        "enum": .array(KnockoutMode.allCases.map { .string($0.rawValue) }), "default": "pre_softmax",
    ]
    /// Nested arrays, or base64 with a shape.
    private static let numbers: JSONValue = [
        "oneOf": [
            ["type": "array"],
            object(
                [
                    "dtype": ["enum": ["f32", "f16"]], "shape": ["type": "array", "items": integer],
                    "data": ["type": "string", "contentEncoding": "base64"],
                ],
                required: ["dtype", "shape", "data"]
            ),
        ]
    ]

    private static func kind(_ name: String, _ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
        let fields = properties.merging(["kind": ["const": .string(name)]]) { first, _ in first }
        return object(.object(fields), required: ["kind"] + required)
    }
}
