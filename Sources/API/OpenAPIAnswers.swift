import JSON

/// What routes answer, as JSON Schema.
enum OpenAPIAnswers: SchemaWords {
    static let all: [String: JSONValue] = [
        "Error": error, "Object": ["type": "object"], "Health": health, "Model": model,
        "ModelList": modelList, "Capabilities": capabilities, "Tokens": tokens, "Text": object(["content": string]),
        "ImageInfo": imageInfo, "Layout": layout, "Completion": completion,
        "KnockoutAnswer": knockout, "LensAnswer": lens, "ActivationsAnswer": activations,
        "GradientsAnswer": gradients, "ContextAnswer": contextAnswer, "ContextInfo": contextInfo,
        "ContextRemoval": object(
            ["context_id": string, "deleted": ["const": true]],
            required: ["context_id", "deleted"]
        ),
    ]

    // MARK: - Private

    private static let warnings = OpenAPIParts.warnings
    /// What interventions resolved to: changes of edges and of states.
    private static let resolved = list(reference("Resolved"))

    private static let error = complete(["error": OpenAPIParts.errorMembers])

    private static let health = object(["status": ["const": "ok"]], required: ["status"])

    private static let model = object(
        [
            "id": string, "object": ["const": "model"], "created": integer, "owned_by": string,
            "meta": object(
                [
                    "family": string, "parameters": integer, "layers": integer, "heads": integer, "kv_heads": integer,
                    "hidden": integer, "vocab": integer, "image_tokens": integer, "weights_format": string,
                    "context": integer, "template": string, "random": boolean,
                    "notice": ["type": ["string", "null"]],
                ],
                required: [
                    "layers", "heads", "kv_heads", "hidden", "vocab", "image_tokens", "weights_format", "context",
                ]
            ),
        ],
        required: ["id", "object", "created", "owned_by", "meta"]
    )

    private static let modelList = object(
        ["object": ["const": "list"], "data": list(reference("Model"))],
        required: ["object", "data"]
    )

    private static let capabilities = object(
        [
            "probes": list(string), "streaming": list(string), "forms": OpenAPIParts.map(list(string)),
            "interventions": list(string),
            "knockout_presets": list(string), "sweep_presets": list(string), "judges": list(string),
            "spans": list(string), "layer_presets": OpenAPIParts.map(list(integer)), "estimates": list(string),
            "sites": list(
                object(
                    [
                        "name": string, "shape": list(["type": ["integer", "string"]]),
                        "patchable": boolean,
                    ],
                    required: ["name", "shape", "patchable"]
                )
            ),
            "attention": object([
                "columns": list(string), "heads": list(string), "normalize": list(string),
                "rollout": boolean, "exclude_sinks": object(["tau": number]),
                "towers": OpenAPIParts.map(object(["layers": integer, "heads": integer, "tokens": integer])),
            ]),
            "gradients": OpenAPIParts.map(list(string)), "compression": OpenAPIParts.map(list(string)),
            "limits": OpenAPIParts.map(integer),
        ],
        required: ["probes", "streaming", "interventions", "knockout_presets", "spans", "layer_presets", "limits"]
    )

    private static let gradients = object(
        [
            "layout": reference("Layout"),
            "gradients": object(
                [
                    "method": string,
                    "target": object(["id": integer, "text": string, "logit": number, "logprob": number]),
                    "positions": list(integer), "signed": OpenAPIParts.nullable("NumberArray"),
                    "absolute": reference("NumberArray"), "steps": ["type": ["integer", "null"]],
                    "rule": ["type": ["string", "null"]], "baseline": ["type": ["string", "null"]],
                    "completeness": [
                        "oneOf": [
                            object(
                                [
                                    "sum": number, "difference": number, "error": number,
                                    "relative_error": ["type": ["number", "null"]],
                                ],
                                required: ["sum", "difference", "error", "relative_error"]
                            ),
                            ["type": "null"],
                        ]
                    ],
                ],
                required: ["method", "target", "positions", "signed", "absolute"]
            ),
            "resolved": resolved, "warnings": warnings,
        ],
        required: ["layout", "gradients"]
    )

    private static let contextProperties: [String: JSONValue] = [
        "context_id": string, "tokens_full": integer, "tokens_kept": integer, "kept": list(list(integer)),
        "bytes": integer, "expires_in": integer,
    ]

    private static let contextInfo = object(
        .object(contextProperties),
        required: ["context_id", "tokens_full", "tokens_kept", "kept"]
    )

    private static let contextAnswer = object(
        .object(
            contextProperties.merging([
                "text": string, "finish_reason": string, "layout": reference("Layout"), "usage": reference("Usage"),
                "timings": reference("Timings"), "resolved": resolved, "warnings": warnings,
            ]) { first, _ in first }
        ),
        required: ["context_id", "tokens_full", "tokens_kept", "kept", "text"]
    )

    private static let tokens = object(
        ["tokens": list(object(["id": integer, "piece": string])), "warnings": warnings],
        required: ["tokens"]
    )

    private static let imageInfo = object(
        ["image_id": string, "width": integer, "height": integer, "format": ["enum": ["jpeg", "png", "webp"]]],
        required: ["image_id", "width", "height", "format"]
    )

    private static let layout = object(
        [
            "length": integer,
            "tokens": list(object(["position": integer, "id": integer, "text": string, "kind": string])),
            "spans": ["type": "object", "additionalProperties": list(list(integer))],
            "images": list(
                object([
                    "index": integer, "image_id": string, "width": integer, "height": integer,
                    "preprocess": ["enum": ["crop", "pad", "tiles"]], "model_size": list(integer),
                    "tiles": list(
                        object([
                            "name": string, "rows": integer, "cols": integer, "first_position": integer,
                            "box": list(number),
                        ])
                    ), "patch_boxes": list(list(number)),
                ])
            ),
            "warnings": warnings,
        ],
        required: ["length", "tokens", "spans", "images"]
    )

    private static let completion = object(
        [
            "id": string, "object": ["const": "chat.completion"], "created": integer, "model": string,
            "choices": list(reference("Choice")), "usage": reference("Usage"), "timings": reference("Timings"),
            "resolved": resolved, "warnings": warnings,
        ],
        required: ["id", "object", "created", "model", "choices", "usage"]
    )

    private static let knockout = object(
        [
            "layout": reference("Layout"), "baseline": reference("Run"), "variants": list(reference("Variant")),
            "scores": reference("Scores"), "cost": reference("Cost"), "resolved": resolved, "warnings": warnings,
        ],
        required: ["layout", "baseline", "variants", "cost"]
    )

    private static let activations = object(
        [
            "layout": reference("Layout"), "positions": list(integer), "sites": list(string),
            "activations": ["type": "object", "additionalProperties": reference("NumberArray")],
            "text": string, "resolved": resolved, "warnings": warnings,
        ],
        required: ["layout", "positions", "sites", "activations"]
    )

    private static let lens = object(
        [
            "layout": reference("Layout"),
            "lens": object(
                [
                    "layers": list(integer), "positions": list(integer),
                    "top": list(list(list(object(["id": integer, "text": string, "prob": number])))),
                    "top_id": [
                        "description": "[layers][positions][words], where arrays were asked for as base64 or NPZ",
                        "type": "array", "items": list(list(integer)),
                    ],
                    "top_prob": [
                        "description": "Likewise, the words' probabilities",
                        "$ref": "#/components/schemas/NumberArray",
                    ],
                    "target_prob": OpenAPIParts.nullable("NumberArray"),
                    "confidence": [
                        "oneOf": [
                            object(
                                ["prob": number, "layer": integer, "position": integer],
                                required: ["prob", "layer", "position"]
                            ),
                            ["type": "null"],
                        ]
                    ],
                ],
                required: ["layers", "positions", "top", "target_prob", "confidence"]
            ),
            "text": string, "resolved": resolved, "warnings": warnings,
        ],
        required: ["layout", "lens"]
    )
}
