import Foundation
import HTTPCore
import JSON
import Models
import Probing
import Tensors
import Tokenization
import WebServer

/// What the server says about itself and its model.
enum ServiceRoutes {
    static func health(_ holder: ModelHolder) throws -> ServerResponse {
        _ = try holder.ready()
        return .json(JSONValue.object(["status": "ok"]).serialized())
    }

    static func models(_ holder: ModelHolder) throws -> ServerResponse {
        let entry = entry(try holder.ready())
        return .json(JSONValue.object(["object": "list", "data": [entry]]).serialized())
    }

    static func model(_ request: ServerRequest, _ holder: ModelHolder) throws -> ServerResponse {
        let resident = try holder.ready()
        let name = request.pathParameters["id"] ?? ""
        guard name == resident.name else { throw APIError.modelNotFound(name, resident: resident.name) }
        return .json(entry(resident).serialized())
    }

    /// What can be asked for; `routes` are those that ask the model.
    static func capabilities(_ holder: ModelHolder, of routes: [RouteEntry]) throws -> ServerResponse {
        let resident = try holder.ready()
        let model = resident.model
        let depth = model.decoder.configuration.layers
        var presets: [String: JSONValue] = [:]
        for (name, selector) in LayerSelector.presets {
            presets[name] = .array(try selector.resolved(count: depth, parameter: name).map { .integer($0) })
        }
        let value: JSONValue = [
            "probes": [
                "/v1/attention", "/v1/knockout", "/v1/logit-lens", "/v1/activations", "/v1/gradients", "/v1/ablation",
                "/v1/localize", "/v1/judge",
            ],
            "streaming": .array(routes.filter(\.streams).map { .string($0.pattern) }),
            "forms": .object(
                Dictionary(
                    uniqueKeysWithValues: AnswerForm.allCases.filter { $0 != .json }.map { form in
                        (form.rawValue, .array(routes.filter { $0.forms.contains(form) }.map { .string($0.pattern) }))
                    }
                )
            ),
            "sites": .array(ActivationsRoute.sites(of: model)),
            "interventions": .array(Intervention.kinds.map { .string($0) }),
            "knockout_presets": .array(KnockoutPreset.allCases.map { .string($0.rawValue) }),
            "sweep_presets": .array(SweepReader.Preset.allCases.map { .string($0.rawValue) }),
            "judges": .array(resident.externalJudge == nil ? ["lexical"] : ["lexical", "external"]),
            "spans": .array(PromptLayout.spanNames.map { .string($0) }),
            "layer_presets": .object(presets),
            "attention": [
                "columns": .array(AttentionRequest.Columns.allCases.map { .string($0.rawValue) }),
                "heads": ["mean", "max", "all"],
                "normalize": ["none", "image"],
                "towers": [
                    "text": ["layers": .integer(depth), "heads": .integer(model.probeShape.heads)],
                    "vision": [
                        "layers": .integer(model.vision.shape.layers), "heads": .integer(model.vision.shape.heads),
                        "tokens": .integer(model.vision.shape.tokens),
                    ],
                ],
                "rollout": true,
                "exclude_sinks": ["tau": .number(SinkExclusion.standardThreshold)],
            ],
            "gradients": [
                "method": .array(AttributionRequest.Method.allCases.map { .string($0.rawValue) }),
                "baseline": .array(AttributionRequest.Baseline.allCases.map { .string($0.rawValue) }),
                "rule": .array(AttributionRequest.Rule.allCases.map { .string($0.rawValue) }),
            ],
            "compression": [
                "select": .array(CompressionRequest.Selection.allCases.map { .string($0.rawValue) }),
                "strategy": .array(CompressionRequest.Strategy.allCases.map { .string($0.rawValue) }),
            ],
            "estimates": .array(EstimateRoute.routes.map { .string($0) }),
            "limits": [
                "context": .integer(model.contextLength),
                "body_bytes": .integer(Route.defaultBodyLimit),
                "json_numbers": .integer(ArrayEncoding.limit),
                "variants": .integer(KnockoutVariant.maximumCount),
                "top_logprobs": 20,
                "attention_numbers": .integer(AttentionCapture.limit),
                "rollout_numbers": .integer(AttentionCapture.rolloutLimit),
                "gradient_steps": .integer(AttributionRequest.maximumSteps),
                "contexts": .integer(resident.contexts.limits.count),
                "context_bytes": .integer(resident.contexts.limits.bytes),
                "context_seconds": .integer(Int(resident.contexts.limits.timeToLive.components.seconds)),
            ],
        ]
        return .json(value.serialized())
    }

    // MARK: - Private

    private static let started = Int(Date().timeIntervalSince1970)

    private static func entry(_ resident: ResidentModel) -> JSONValue {
        let model = resident.model
        let configuration = model.decoder.configuration
        return [
            "id": .string(resident.name),
            "object": "model",
            "created": .integer(started),
            "owned_by": "fovea",
            "meta": [
                "family": .string(model.description.family),
                "parameters": .integer(model.description.parameters),
                "layers": .integer(configuration.layers),
                "heads": .integer(configuration.heads),
                "kv_heads": .integer(configuration.keyValueHeads),
                "hidden": .integer(configuration.hiddenSize),
                "vocab": .integer(configuration.vocabularySize),
                "image_tokens": .integer(model.vision.standardTokenCount),
                "weights_format": .string(model.description.format.rawValue),
                "context": .integer(model.contextLength),
                "template": .string(model.template.rawValue),
                "random": .bool(model.description.isRandom),
                "notice": model.description.notice.map { .string($0) } ?? nil,
            ],
        ]
    }
}
