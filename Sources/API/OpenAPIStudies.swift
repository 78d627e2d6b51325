import Experiments
import JSON

/// What the study routes take and answer, as JSON Schema.
enum OpenAPIStudies: SchemaWords {
    static let all: [String: JSONValue] = [
        "Judge": judge, "Judgement": judgement, "Localize": localize, "LocalizeAnswer": localizeAnswer,
        "Ablation": ablation, "AblationAnswer": ablationAnswer,
        "Estimate": estimate, "EstimateAnswer": estimateAnswer,
    ]

    // MARK: - Private

    private static let judge = object(
        [
            "reference": string, "candidate": string,
            "judge": ["enum": ["lexical", "external"], "default": "lexical"],
        ],
        required: ["reference", "candidate"]
    )

    private static let localize = OpenAPISchemas.chat(adding: [
        "phrase": string,
        "box": list(number), "polygon": list(list(number)),
        "mask": ["type": "string", "description": "base64 of a PNG of the picture's size"],
        "image": ["type": "integer", "minimum": 0, "default": 0],
        "layers": reference("Layers"),
        "dilate_px": ["type": "number", "minimum": 0, "default": 40],
        "select": ["enum": ["all", "lost"], "default": "all"], "render": OpenAPISchemas.render,
    ])

    private static let ablation = OpenAPISchemas.chat(adding: [
        "ablations": list(
            object(
                [
                    "name": string, "tokens": reference("Span"), "replace": string,
                    "site": ["type": ["string", "object"]],
                ],
                required: ["tokens"]
            )
        ),
        "object": reference("Span"),
        "baselines": list(["enum": .array(AblationReader.Baseline.allCases.map { .string($0.rawValue) })]),
        "gradients": OpenAPISchemas.gradientOptions, "counts": list(integer), "seed": integer, "replace": string,
        "task": ["enum": .array(AblationTask.Kind.allCases.map { .string($0.rawValue) })], "class": string,
        "score": OpenAPISchemas.score, "judge": OpenAPISchemas.judgeName,
    ])

    private static let ablationAnswer = object(
        [
            "layout": reference("Layout"), "baseline": reference("Run"), "variants": list(reference("Variant")),
            "flip_rate": ["type": ["number", "null"]], "scores": reference("Scores"), "cost": reference("Cost"),
            "resolved": list(reference("Resolved")), "warnings": list(string),
        ],
        required: ["layout", "baseline", "variants", "cost"]
    )

    private static let estimate: JSONValue = [
        "description": "The body of the route that is named, with or without its /v1/",
        "type": "object",
        "properties": ["route": ["enum": .array(EstimateRoute.names.map { .string($0) })]],
        "additionalProperties": .object([:]),
        "required": ["route"],
    ]

    private static let estimateAnswer = object(
        [
            "route": string, "seconds": number, "peak_bytes": integer, "rows": integer, "runs": integer,
            "limits": object(["bytes": integer, "seconds": ["type": ["number", "null"]]]),
            "fits": boolean, "gradient_rows": integer,
            "assumes": object(["answer_tokens": integer, "note": string]), "warnings": list(string),
        ],
        required: ["route", "seconds", "peak_bytes", "rows", "runs", "limits", "fits"]
    )

    private static let judgement = object(
        [
            "tp": integer, "fn": integer, "fp": integer, "precision": number, "recall": number, "f1": number,
            "reference_objects": list(string), "candidate_objects": list(string), "matches": list(list(integer)),
        ],
        required: ["tp", "fn", "fp", "precision", "recall", "f1"]
    )

    private static let localizeAnswer = object(
        [
            "text": string, "layout": reference("Layout"),
            "localization": object([
                "phrase": string, "area": number,
                "tokens": [
                    "description":
                        "The answer's tokens that name it, at their own positions as in layout.tokens; the row that produced one is the query before it",
                    "type": "array", "items": object(["position": integer, "token": string]),
                ],
                "dilate_px": number, "mean": pointing, "layers": list(pointing), "lost": ["type": ["boolean", "null"]],
                "counted": boolean,
                "maps": [
                    "description": "[layers][patches], where arrays were asked for as base64 or NPZ",
                    "$ref": "#/components/schemas/NumberArray",
                ],
                "scores": object([
                    "peak": list(list(integer)), "hit": list(integer), "pointing_game": list(integer),
                    "mass_inside": reference("NumberArray"),
                ]),
            ]),
            "resolved": list(reference("Resolved")), "warnings": list(string),
        ],
        required: ["text", "layout", "localization"]
    )

    private static let pointing = object([
        "layer": integer, "peak": ["type": ["array", "null"], "items": integer], "hit": boolean,
        "pointing_game": boolean, "mass_inside": ["type": ["number", "null"]],
    ])
}
