import Foundation
import Generation
import HTTPCore
import JSON
import Models
import Probing
import WebServer

/// `POST /v1/activations`: the states of a run at named sites, as arrays.
enum ActivationsRoute {
    private static let fields: [String: KnownFields] = ["sites": .value, "positions": .span]

    /// Sites that one request may name.
    static let maximumSites = 1024

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: [.json, .npz])
        let asked = try SiteRequest(api.chat.root)
        let model = api.resident.model
        try asked.checkVision(model.vision.shape, pictures: api.images.count)
        let prompt = try await api.prepare()
        let positions = try asked.positions.resolved(in: prompt.layout, parameter: "positions")
        // Without decode rows there is nothing to decode for.
        var run = try await api.generation(prompt, maxTokens: positions.generated ? api.chat.maxTokens : 0)
        let capture = try StateCapture(
            asked.text.map(\.site),
            parameters: asked.text.map(\.path),
            positions: positions,
            decoder: model.decoder,
            maxTokens: run.maxTokens
        )
        run.states = capture
        try api.resident.engine.checkMemory(for: run)
        guard let result = await api.resident.engine.result(of: run), let record = result.states else {
            throw CancellationError()
        }
        var arrays = ArrayAnswer(api, run)
        var activations: [String: JSONValue] = [:]
        for site in capture.sites {
            let array = array(record.rows[site] ?? [], at: site, of: model.decoder.configuration)
            activations[site.name] = try arrays.place(array, at: "activations.\(site.name)")
        }
        for (site, array) in try await vision(asked.vision.map(\.site), api, prompt.layout) {
            activations[site.name] = try arrays.place(array, at: "activations.\(site.name)")
        }
        let count = capture.sites.compactMap { record.rows[$0]?.count }.max() ?? 0
        var fields: [String: JSONValue] = [
            "layout": prompt.layout.payload(generated: result.tokens),
            "positions": .array(capture.positions(count: count).map { .integer($0) }),
            "sites": .array(asked.names.map { .string($0) }),
            "activations": .object(activations),
        ]
        if positions.generated { fields["text"] = .string(result.text) }
        return arrays.response(fields)
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

    // MARK: - Private

    /// `[pictures]` and a picture's sizes, in prompt order.
    private static func vision(
        _ sites: [VisionSite],
        _ api: APIRequest,
        _ layout: PromptLayout
    ) async throws -> [(VisionSite, NumberArray)] {
        guard !sites.isEmpty else { return [] }
        let pictures = layout.images.compactMap { placed in api.images.first { $0.id == placed.imageID } }
        let states = try await api.resident.preparer.visionStates(pictures, sites: sites)
        let shape = api.resident.model.vision.shape
        return sites.map { site in
            let values = states.flatMap { $0[site] ?? [] }
            return (site, NumberArray(shape: [states.count] + shape.shape(site.place), values: values))
        }
    }

    /// `[positions]` and a row's sizes; patterns are `[positions, heads, keys]`, with zeros behind the keys that a row
    /// sees.
    private static func array(
        _ rows: [[Float]],
        at site: DecoderSite,
        of configuration: DecoderConfiguration
    ) -> NumberArray {
        if let shape = site.shape(configuration) {
            return NumberArray(shape: [rows.count] + shape, values: Array(rows.joined()))
        }
        let heads = configuration.heads
        let keys = (rows.map(\.count).max() ?? 0) / heads
        var values: [Float] = []
        values.reserveCapacity(rows.count * heads * keys)
        for row in rows {
            let seen = row.count / heads
            for head in 0..<heads {
                values += row[head * seen..<(head + 1) * seen]
                values += Array(repeating: 0, count: keys - seen)
            }
        }
        return NumberArray(shape: [rows.count, heads, keys], values: values)
    }
}

/// What a body asks for: sites and positions.
private struct SiteRequest {
    /// Sites of the decoder and their fields.
    private(set) var text: [(site: DecoderSite, path: String)] = []
    /// Sites of the vision tower and their fields.
    private(set) var vision: [(site: VisionSite, path: String)] = []
    /// The names of all, in the order of the request.
    private(set) var names: [String] = []
    /// The prompt's last position when absent.
    let positions: SpanSelector

    init(_ root: ProbeField) throws {
        positions = try root.member("positions").map(SpanSelector.init) ?? .named("last")
        let elements = try root.required("sites").elements()
        guard !elements.isEmpty, elements.count <= ActivationsRoute.maximumSites else {
            let limit = ActivationsRoute.maximumSites
            throw ProbeError.invalid("sites", "holds \(elements.count) sites; send 1…\(limit)")
        }
        for element in elements {
            let name = try element.string()
            guard !names.contains(name) else { continue }
            if let site = VisionSite(name: name) {
                vision.append((site, element.path))
            } else {
                text.append((try DecoderSite(element), element.path))
            }
            names.append(name)
        }
    }

    /// Refuses blocks that the tower does not run, and more numbers than one request may keep.
    func checkVision(_ shape: VisionShape, pictures: Int) throws(ProbeError) {
        var numbers = 0
        for (site, path) in vision {
            guard site.layer < shape.layers else {
                throw .unsupported(
                    path,
                    "\"\(site.name)\" is not run; the vision tower has blocks 0…\(shape.layers - 1)"
                )
            }
            guard pictures > 0 else { throw .unsupported(path, "needs a picture; the prompt has none") }
            numbers += pictures * shape.shape(site.place).reduce(1, *)
        }
        guard numbers <= StateCapture.limit else {
            throw .unsupported("sites", "asks for \(numbers) numbers; at most \(StateCapture.limit) are kept")
        }
    }
}
