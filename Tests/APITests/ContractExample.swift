import Foundation
import JSON

/// A request whose answer is held against what `/openapi.json` says of its operation.
struct ContractExample: Sendable {
    /// As the description writes it: `post /v1/contexts/{id}/ask`.
    let operation: String
    /// The request's path.
    let path: String
    let body: JSONValue?

    /// The HTTP method in capitals.
    var method: String { operation.split(separator: " ")[0].uppercased() }

    /// A request to `operation`, whose path parameter is `id`.
    init(_ operation: String, id: String = "", _ body: JSONValue? = nil) {
        self.operation = operation
        path = String(operation.split(separator: " ")[1]).replacingOccurrences(of: "{id}", with: id)
        self.body = body
    }

    /// Every operation of the API once at least, its answers' optional members among them. `context` and `doomed` are
    /// kept contexts, `image` a kept picture, `model` the resident model.
    static func all(context: String, doomed: String, image: String, model: String) -> [ContractExample] {
        let service = ["/health", "/metrics", "/openapi.json", "/v1/models", "/v1/capabilities"].map {
            ContractExample("get \($0)")
        }
        return service + [
            ContractExample("get /v1/models/{id}", id: model),
            ContractExample("get /v1/images/{id}", id: image),
            ContractExample("get /v1/contexts/{id}", id: context),
            ContractExample("delete /v1/contexts/{id}", id: doomed),
            ContractExample("post /v1/contexts/{id}/ask", id: context, ["question": "what colour?", "max_tokens": 2]),
            ContractExample("post /v1/tokenize", ["content": "describe the image", "colour": "red"]),
            ContractExample("post /v1/detokenize", ["tokens": [17, ["id": 18]]]),
            ContractExample("post /v1/judge", ["reference": "A red circle.", "candidate": "A dog and a red circle."]),
        ] + probes
    }

    // MARK: - Private

    private static let object: JSONValue = ["box": [0, 0, 30, 20]]
    private static let score: JSONValue = ["targets": ["Yes", "No"], "top_k": 2]
    /// One of each kind, and every form of a span and of layers.
    private static let interventions: JSONValue = [
        "img->gen",
        ["kind": "attention_knockout", "preset": "img->txt", "layers": ["from": 7]],
        [
            "kind": "attention_knockout", "from": ["minus": ["image", ["rows": [-1]]]], "to": ["range": [3, 5]],
            "layers": ["window": [2, 3]], "heads": [0, 1], "mode": "post_softmax",
        ],
        [
            "kind": "attention_scale", "from": ["patches": [[0, 1]], "buffer": 1], "to": "last", "factor": 2,
            "layers": ["except": [1, 6]], "heads": "all",
        ],
        [
            "kind": "attention_knockout", "from": ["top_attended": 0.1, "of": "image"], "to": "generated",
            "layers": ["center": 3, "width": 2],
        ],
        [
            "kind": "token_ablation", "replace": "noise", "seed": 2,
            "tokens": ["union": [object, ["polygon": [[0, 0], [9, 0], [0, 9]]]]],
        ],
        ["kind": "token_ablation", "tokens": ["random": 3, "of": "image", "seed": 1], "site": ["layer": 2]],
        ["kind": "head_ablation", "layers": "late", "heads": [1], "positions": ["intersect": ["text", [0, 1, 2]]]],
        [
            "kind": "project_away", "tokens": ["dilate": object, "buffer": 1], "direction": ["word": "red"],
            "layers": ["fraction": [0.5, 0.75]], "weight": 0.5, "only_positive": false,
        ],
        [
            "kind": "activation_patch", "site": "text.blocks.0.resid.pre", "positions": [1],
            "source": .question(image: .string(Pictures.second)),
        ],
    ]

    private static func question(_ operation: String, _ members: [String: JSONValue] = [:]) -> ContractExample {
        ContractExample("post \(operation)", .question(members: members))
    }

    private static let probes = [
        question("/v1/layout"),
        question("/v1/chat/completions", ["logprobs": true, "top_logprobs": 2, "seed": 1, "stop": ["zzz"], "n": 1]),
        question("/v1/chat/completions", ["interventions": interventions, "temperature": 1, "top_p": 0.5]),
        question("/v1/attention"),
        question("/v1/attention", ["attention": ["heads": "all", "rows": "question"], "interventions": ["img->gen"]]),
        question("/v1/attention", ["encoding": "base64", "dtype": "f16", "max_tokens": 1]),
        question("/v1/attention", ["attention": ["rollout": true], "max_tokens": 1]),
        question("/v1/attention", ["attention": ["tower": "vision", "rows": "class", "heads": "all"]]),
        question("/v1/attention", ["attention": ["exclude_sinks": ["tau": 2]], "max_tokens": 1]),
        question("/v1/knockout", ["knockouts": [], "max_tokens": 0]),
        question(
            "/v1/knockout",
            [
                "knockouts": ["img->gen", ["name": "all", "interventions": interventions]], "score": score,
                "judge": "lexical", "interventions": ["img->txt"],
            ]
        ),
        question("/v1/knockout", ["sweep": ["knockouts": ["img->txt"], "layers": ["mid", [1]]], "max_tokens": 0]),
        question("/v1/knockout", ["sweep": ["preset": "object-readout"], "object": object, "max_tokens": 0]),
        question(
            "/v1/knockout",
            [
                "sweep": ["preset": "from-layer", "starts": [1, 2]], "max_tokens": 1, "judge": "none",
            ]
        ),
        question(
            "/v1/knockout",
            ["knockouts": ["img->gen", "img->txt"], "encoding": "base64", "judge": "lexical", "score": score]
        ),
        question("/v1/ablation", ["object": object, "encoding": "base64", "max_tokens": 1]),
        question(
            "/v1/ablation",
            [
                "object": object,
                "ablations": [["name": "mine", "tokens": [9], "replace": "zero", "site": ["layer": 1]]],
                "baselines": ["random", "register"], "task": "polling", "class": "circle", "max_tokens": 1,
                "judge": "lexical",
            ]
        ),
        question("/v1/logit-lens", ["lens": ["positions": "last", "target": "red", "vocabulary": ["red", "blue"]]]),
        question("/v1/logit-lens", ["lens": ["layers": [0, 8], "top_k": 0], "interventions": ["img->txt"]]),
        question(
            "/v1/logit-lens",
            ["lens": ["positions": ["union": ["last", "generated"]], "target": "red"], "encoding": "base64"]
        ),
        question(
            "/v1/activations",
            [
                "sites": ["text.embed", "text.blocks.2.attn.pattern", "vision.blocks.0.resid.post"],
                "positions": ["union": ["last", "generated"]], "interventions": ["img->gen"], "max_tokens": 2,
            ]
        ),
        question("/v1/gradients", ["gradients": ["steps": 2]]),
        question("/v1/gradients", ["gradients": ["method": "relevancy", "target": "red"]]),
        question("/v1/gradients", ["gradients": ["method": "gradient"], "interventions": ["img->txt"]]),
        question("/v1/contexts", ["compress": ["keep": 5, "select": "norm"], "max_tokens": 1]),
        question("/v1/contexts", ["interventions": ["img->txt"], "max_tokens": 1]),
        question("/v1/estimate", ["route": "/v1/knockout", "knockouts": ["img->gen"]]),
        question("/v1/estimate", ["route": "gradients"]),
        ContractExample("post /v1/estimate", ["route": "judge", "reference": "A red circle.", "candidate": "A cat."]),
        localization([:]), localization(["encoding": "base64", "layers": [2, 3]]),
    ]

    private static func localization(_ members: [String: JSONValue]) -> ContractExample {
        let own: [String: JSONValue] = [
            "phrase": "circle", "box": [100, 148, 224, 272], "select": "lost", "max_tokens": 24,
            "interventions": [["kind": "head_ablation", "layers": [7], "heads": [0], "positions": [0]]],
        ]
        let picture = JSONValue.string(Pictures.example("scene-01.png"))
        let body = JSONValue.question("Describe this image.", image: picture, members: own.merging(members) { $1 })
        return ContractExample("post /v1/localize", body)
    }
}
