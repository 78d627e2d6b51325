import Imaging
import JSON

/// The bodies that routes take, as JSON Schema.
enum OpenAPISchemas: SchemaWords {
    static let bodies: [String: JSONValue] = [
        "Chat": chat, "Knockout": knockout, "Lens": lens, "Activations": activations,
        "Tokenize": tokenize, "Detokenize": detokenize, "Gradients": gradients, "Context": context,
        "Question": question,
        "File": ["type": "string", "format": "binary"], "FileForm": fileForm, "Form": form,
        "Span": OpenAPISelectors.span, "Layers": OpenAPISelectors.layers, "Intervention": OpenAPIInterventions.schema,
        "NamedKnockout": namedKnockout,
    ]

    // MARK: - Private

    private static let part: JSONValue = [
        "oneOf": [
            object(["type": ["const": "text"], "text": string], required: ["type", "text"]),
            object(
                [
                    "type": ["const": "image_url"],
                    "image_url": object(
                        [
                            "url": [
                                "type": "string",
                                "description": "A data: URI, base64 of an image file, or an id from /v1/images",
                            ]
                        ],
                        required: ["url"]
                    ),
                ],
                required: ["type", "image_url"]
            ),
        ]
    ]

    private static let chatProperties: [String: JSONValue] = [
        "model": string,
        "messages": [
            "type": "array", "minItems": 1,
            "items": object(
                [
                    "role": ["enum": ["system", "developer", "user", "assistant"]],
                    "content": ["oneOf": [string, list(part)]],
                ],
                required: ["role", "content"]
            ),
        ],
        "max_tokens": ["type": "integer", "minimum": 0],
        "max_completion_tokens": ["type": "integer", "minimum": 0],
        "temperature": ["type": "number", "minimum": 0, "maximum": 100, "default": 0],
        "top_p": ["type": "number", "minimum": 0, "maximum": 1],
        "top_k": ["type": "integer", "minimum": -1],
        "min_p": ["type": "number", "minimum": 0, "maximum": 1],
        "seed": integer,
        "stop": ["oneOf": [string, ["type": "array", "maxItems": 16, "items": string]]],
        "stream": boolean,
        "stream_options": object(["include_usage": boolean]),
        "logprobs": boolean,
        "top_logprobs": ["type": "integer", "minimum": 0, "maximum": 20],
        "n": ["const": 1],
        "interventions": ["type": "array", "items": reference("Intervention")],
        "encoding": ["enum": ["json", "base64"]],
        "dtype": ["enum": ["f32", "f16"]],
    ]

    /// A chat body with more members.
    static func chat(adding properties: [String: JSONValue]) -> JSONValue {
        object(.object(chatProperties.merging(properties) { _, new in new }), required: ["messages"])
    }

    private static let chat = chat(adding: [:])

    /// How a map is drawn where the answer is a PNG.
    static let render: JSONValue = {
        let choice: JSONValue = ["oneOf": [["type": "integer", "minimum": 0], ["const": "mean"]], "default": "mean"]
        return object([
            "row": choice, "layer": choice, "image": ["type": "integer", "minimum": 0],
            "colormap": ["enum": .array(Colormap.allCases.map { .string($0.rawValue) }), "default": "viridis"],
            "opacity": ["type": "number", "minimum": 0, "maximum": 1, "default": 0.6],
        ])
    }()

    private static let knockout = chat(adding: [
        "knockouts": list(["oneOf": [reference("Intervention"), reference("NamedKnockout")]]),
        "sweep": object([
            "preset": ["enum": .array(SweepReader.Preset.allCases.map { .string($0.rawValue) })],
            "knockouts": list(reference("Intervention")), "layers": list(reference("Layers")),
            "starts": list(integer),
            "window": ["type": "array", "items": integer, "minItems": 2, "maxItems": 2],
            "width": ["type": "integer", "minimum": 1, "default": 9],
        ]),
        "score": score, "judge": judgeName, "object": reference("Span"),
    ])

    static let score = object([
        "targets": ["type": "array", "items": string], "top_k": ["type": "integer", "minimum": 0],
    ])

    static let judgeName: JSONValue = ["enum": ["none", "lexical", "external"], "default": "none"]

    private static let activations = chat(adding: [
        "sites": ["type": "array", "items": string, "minItems": 1, "maxItems": 1024],
        "positions": reference("Span"),
    ])

    private static let lens = chat(adding: [
        "lens": object([
            "positions": reference("Span"),
            "layers": reference("Layers"),
            "top_k": ["type": "integer", "minimum": 0, "maximum": 1000, "default": 5],
            "norm": ["enum": ["final", "none"]],
            "vocabulary": ["type": ["array", "null"], "items": string],
            "target": ["type": ["string", "null"]],
        ]),
        "render": render,
    ])

    /// What `/v1/gradients` and the gradient sets of an ablation read.
    static let gradientOptions = object([
        "method": ["enum": ["integrated", "gradient", "gradient_x_input", "relevancy"], "default": "integrated"],
        "target": ["description": "The word whose first token is explained", "type": ["string", "null"]],
        "steps": ["type": "integer", "minimum": 1, "maximum": 1000, "default": 50],
        "baseline": ["enum": ["mean", "zero"], "default": "mean"],
        "rule": ["enum": ["midpoint", "left", "right", "trapezoid"], "default": "midpoint"],
        "positions": reference("Span"),
    ])

    private static let gradients = chat(adding: ["gradients": gradientOptions, "render": render])

    private static let context = chat(adding: [
        "compress": object([
            "keep": .object((OpenAPISelectors.amount.object ?? [:]).merging(["default": 0.05]) { first, _ in first }),
            "select": ["enum": ["generated", "question", "norm", "random"], "default": "generated"],
            "strategy": ["enum": ["qs", "q", "s"], "default": "qs"],
            "seed": ["type": "integer", "default": 0],
        ])
    ])

    /// A chat body whose messages are one question.
    private static let question: JSONValue = {
        var properties = chatProperties
        properties["messages"] = nil
        properties["question"] = ["type": "string", "minLength": 1]
        return object(.object(properties), required: ["question"])
    }()

    private static let tokenize = object(
        ["content": string, "add_special": ["type": "boolean", "default": false]],
        required: ["content"]
    )

    private static let detokenize = object(
        [
            "tokens": list([
                "oneOf": [integer, object(["id": integer], required: ["id"])]
            ])
        ],
        required: ["tokens"]
    )

    /// Further members of the JSON body are fields of the same name, JSON-encoded where they are no strings.
    private static let form: JSONValue = [
        "description": "Any other top-level member of the JSON body may be a field, JSON-encoded where it is no string",
        "type": "object",
        "properties": [
            "image": list(["type": "string", "format": "binary"]), "prompt": string,
        ],
        "required": ["prompt"],
    ]

    private static let fileForm = object(["image": ["type": "string", "format": "binary"]], required: ["image"])

    private static let namedKnockout = object(
        ["name": string, "interventions": list(reference("Intervention"))],
        required: ["interventions"]
    )
}
