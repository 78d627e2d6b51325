import Foundation
import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/activations`: the states of a run at named sites, as arrays.
enum ActivationsRoute {
    static let fields: [String: KnownFields] = ["sites": .value, "positions": .span]

    static let forms: [AnswerForm] = [.json, .npz]

    /// Sites that one request may name.
    static let maximumSites = 1024

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let asked = try SiteRequest(api.chat.root)
        let model = api.resident.model
        try asked.checkVision(model.vision.shape, pictures: api.images.count)
        let prompt = try await api.prepare(for: .activations)
        let positions = try asked.positions.resolved(in: prompt.layout, parameter: "positions")
        // Without decode rows there is nothing to decode for.
        var run = try await api.generation(prompt, maxTokens: positions.generated ? api.chat.maxTokens : 0)
        let capture = try capture(asked, api, prompt, maxTokens: run.maxTokens)
        run.states = capture
        let study = ActivationStudy(api: api, asked: asked, capture: capture, run: run, decodes: positions.generated)
        return try await api.answer(on: prompt.layout) { try await study.answer($0) }
    }

    /// What a request costs: for the vision tower's sites it runs again, also for pictures whose embeddings are kept.
    static func plan(
        _ asked: SiteRequest,
        _ capture: StateCapture,
        _ api: APIRequest,
        _ prompt: PreparedPrompt,
        maxTokens: Int
    ) throws -> CostPlan {
        let (shape, pictures) = (api.resident.model.vision.shape, prompt.layout.images.count)
        let counts = [
            capture.count(maxTokens: maxTokens), asked.visionNumbers(shape, pictures: pictures),
        ]
        var plan = try api.plan(prompt, maxTokens: maxTokens, recordedNumbers: counts[0] + counts[1])
        if !asked.vision.isEmpty { plan.pictureTokens = pictures * shape.tokens }
        plan.answer = api.answer(carrying: counts)
        return plan
    }

    /// What a run of a prompt is to keep.
    static func capture(
        _ asked: SiteRequest,
        _ api: APIRequest,
        _ prompt: PreparedPrompt,
        maxTokens: Int
    ) throws -> StateCapture {
        try StateCapture(
            asked.text.map(\.site),
            parameters: asked.text.map(\.path),
            positions: asked.positions.resolved(in: prompt.layout, parameter: "positions"),
            decoder: api.resident.model.decoder,
            maxTokens: maxTokens
        )
    }

    /// The sites that a model has, k standing for the number of a block, with the sizes of a row (of a picture for the
    /// vision tower).
    static func sites(of model: VisionLanguageModel) -> [JSONValue] {
        let configuration = model.decoder.configuration
        func entry(_ name: String, _ shape: [JSONValue], isPatchable: Bool) -> JSONValue {
            ["name": .string(name), "shape": .array(shape), "patchable": .bool(isPatchable)]
        }
        let text = DecoderSite.all(layers: 1).map { site in
            entry(
                site.name.replacingOccurrences(of: "blocks.0", with: "blocks.k"),
                site.shape(configuration)?.map { .integer($0) } ?? [.integer(configuration.heads), "keys"],
                isPatchable: site.isPatchable
            )
        }
        let vision = VisionSite.Place.allCases.map { place in
            entry(
                "vision.blocks.k.\(place.rawValue)",
                model.vision.shape.shape(place).map { .integer($0) },
                isPatchable: false
            )
        }
        return text + vision
    }
}
