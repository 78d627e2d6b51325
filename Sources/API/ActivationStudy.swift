import Generation
import JSON
import Models
import Probing

/// One request for activations, ready to run.
struct ActivationStudy: Sendable {
    let api: APIRequest
    let asked: SiteRequest
    let capture: StateCapture
    let run: GenerationRequest
    /// Whether rows of decode steps are kept, so that there is an answer to show.
    let decodes: Bool

    /// Runs the model; `report` hears of every token as an event. The answer's members, and the arrays among them.
    func answer(
        _ report: APIRequest.Report
    ) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        let result = try await api.result(of: run, report)
        let rows = result.states?.rows ?? [:]
        var arrays = ArrayAnswer(api, run)
        var activations: [String: JSONValue] = [:]
        for site in capture.sites {
            let array = array(rows[site] ?? [], at: site, of: api.resident.model.decoder.configuration)
            activations[site.name] = try arrays.place(array, at: "activations.\(site.name)")
        }
        for (site, array) in try await vision(asked.vision.map(\.site)) {
            activations[site.name] = try arrays.place(array, at: "activations.\(site.name)")
        }
        let count = capture.sites.compactMap { rows[$0]?.count }.max() ?? 0
        var fields: [String: JSONValue] = [
            "layout": run.prompt.layout.payload(generated: result.tokens),
            "positions": .array(capture.positions(count: count).map { .integer($0) }),
            "sites": .array(asked.names.map { .string($0) }),
            "activations": .object(activations),
        ]
        if decodes { fields["text"] = .string(result.text) }
        return (fields, arrays)
    }

    // MARK: - Private

    /// `[pictures]` and a picture's sizes, in prompt order.
    private func vision(_ sites: [VisionSite]) async throws -> [(VisionSite, NumberArray)] {
        guard !sites.isEmpty else { return [] }
        let pictures = run.prompt.layout.images.compactMap { placed in api.images.first { $0.id == placed.imageID } }
        let states = try await api.resident.preparer.visionStates(pictures, sites: sites)
        let shape = api.resident.model.vision.shape
        return sites.map { site in
            let values = states.flatMap { $0[site] ?? [] }
            return (site, NumberArray(shape: [states.count] + shape.shape(site.place), values: values))
        }
    }

    /// `[positions]` and a row's sizes; patterns are `[positions, heads, keys]`, with zeros behind the keys that a row
    /// sees.
    private func array(
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
