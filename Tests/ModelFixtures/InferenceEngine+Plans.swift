public import Generation
public import JSON
public import Models
public import Probing

extension InferenceEngine {
    /// The states at some sites of prompt positions.
    public func states(
        at sites: [DecoderSite],
        of prompt: PreparedPrompt,
        positions: some Sequence<Int>,
        under interventions: ResolvedInterventions = ResolvedInterventions()
    ) async throws -> StateRecord {
        var run = GenerationRequest(prompt: prompt, maxTokens: 0)
        run.interventions = interventions
        run.states = try StateCapture(
            sites,
            parameters: sites.map(\.name),
            positions: PositionSet(length: prompt.ids.count, positions: positions),
            decoder: model.decoder,
            maxTokens: 0
        )
        guard let record = await result(of: run)?.states else { throw CancellationError() }
        return record
    }

    /// An intervention or a list of them as a request writes it, with the states that some of them need.
    public func resolve(_ form: JSONValue, on prompt: PreparedPrompt) async throws -> ResolvedInterventions {
        let list = try Intervention.list(ProbeField(form.array == nil ? [form] : form, path: "x"))
        let paths = list.indices.map { "x[\($0)]" }
        var context = InterventionContext(layout: prompt.layout, ids: prompt.ids, images: prompt.images, model: model)
        for (intervention, path) in zip(list, paths) {
            guard let need = intervention.need(parameter: path) else { continue }
            let positions = try need.positions.promptPositions(in: prompt.layout, parameter: need.parameter)
            context.states[path] = try await states(at: [need.site], of: prompt, positions: positions.promptPositions)
                .rows[need.site]
        }
        return try ResolvedInterventions.resolve(list, paths: paths, in: context)
    }
}
