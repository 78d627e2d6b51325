import Generation
import JSON
import ModelFixtures
import Models
import Probing
import Testing

/// A fixture's model, its engine and one prompt with a picture.
struct OracleCase {
    let model: VisionLanguageModel
    let engine: InferenceEngine
    let prompt: PreparedPrompt

    init(_ fixture: ModelFixture, _ text: String = "Is there a red car?", pictures: [String] = ["field.jpg"])
        async throws
    {
        model = try fixture.model()
        engine = InferenceEngine(model: model)
        prompt = try await model.prompt(text, pictures: pictures)
    }

    var image: [Int] { prompt.layout.positions(named: "image") ?? [] }

    func request(
        _ prompt: PreparedPrompt? = nil,
        maxTokens: Int = 6,
        knockouts: [EdgeEdit] = []
    ) -> GenerationRequest {
        var request = GenerationRequest(prompt: prompt ?? self.prompt, maxTokens: maxTokens)
        request.interventions.edges = knockouts
        return request
    }

    func run(_ request: GenerationRequest) async throws -> GenerationResult {
        try #require(await engine.result(of: request))
    }

    /// The results of requests that are all under way at once, in their order.
    func runTogether(_ requests: [GenerationRequest]) async throws -> [GenerationResult] {
        let results = await withTaskGroup(of: (Int, GenerationResult?).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await engine.result(of: request)) }
            }
            var results = [GenerationResult?](repeating: nil, count: requests.count)
            for await (index, result) in group { results[index] = result }
            return results
        }
        return try results.map { try #require($0) }
    }

    func preset(_ preset: KnockoutPreset, layers: LayerSelector = .all) throws -> EdgeEdit {
        try resolved(.preset(preset, layers: layers))
    }

    func resolved(_ intervention: Intervention) throws -> EdgeEdit {
        try #require(
            try EdgeEdit.resolve(
                intervention,
                layout: prompt.layout,
                shape: model.probeShape,
                parameter: "intervention"
            )
        )
    }

    /// An intervention as a request writes it.
    func resolved(_ form: JSONValue) throws -> ResolvedInterventions {
        let context = InterventionContext(layout: prompt.layout, ids: prompt.ids, images: prompt.images, model: model)
        return try ResolvedInterventions.resolve(
            [Intervention(ProbeField(form, path: "x"))],
            paths: ["x"],
            in: context
        )
    }

    /// The states of all prompt positions.
    func states(
        _ sites: [DecoderSite],
        _ interventions: ResolvedInterventions = ResolvedInterventions(),
        of other: PreparedPrompt? = nil
    ) async throws -> StateRecord {
        let prompt = other ?? prompt
        return try await engine.states(at: sites, of: prompt, positions: prompt.ids.indices, under: interventions)
    }

    /// Writes the states of all prompt positions.
    func patch(_ site: DecoderSite, _ record: StateRecord) throws -> StateEdit {
        let rows = try #require(record.rows[site])
        #expect(rows.count == prompt.ids.count)
        return StateEdit(
            site: site,
            positions: PositionSet(length: prompt.ids.count, positions: prompt.ids.indices),
            change: .rows(Dictionary(zip(prompt.ids.indices, rows)) { first, _ in first })
        )
    }

    /// Every layer, head, row and column.
    func everything() throws -> AttentionCapture {
        var request = AttentionRequest()
        request.heads = .each(.all)
        request.columns = .all
        request.rows = .union([.range(0, prompt.layout.length), .named("generated")])
        return try AttentionCapture(request, layout: prompt.layout, shape: model.probeShape, maxTokens: 32)
    }

    /// Three words at every layer of some positions.
    func lens(positions: Range<Int>) throws -> LensCapture {
        let span: JSONValue = ["range": [.integer(positions.lowerBound), .integer(positions.upperBound)]]
        return try LensCapture(
            LensRequest(ProbeField(["positions": span, "top_k": 3], path: "lens")),
            layout: prompt.layout,
            decoder: model.decoder,
            candidates: nil,
            target: 5
        )
    }

    func random(seed: UInt64) -> RandomKnockouts {
        RandomKnockouts(seed: seed, layout: prompt.layout, shape: model.probeShape)
    }

    /// A pass with knockouts, in one step over the prompt and one for each token of `answer`.
    func forward(_ knockouts: [EdgeEdit] = [], answer: [Int] = [], chunk: Int = .max) -> ForwardRecord {
        forward(ResolvedInterventions(edges: knockouts), answer: answer, chunk: chunk)
    }

    /// The same with interventions of any kind.
    func forward(_ interventions: ResolvedInterventions, answer: [Int] = [], chunk: Int = .max) -> ForwardRecord {
        let probes = ProbeRun(interventions, shape: model.probeShape)
        return ForwardRecord(prompt, answer: answer, model: model, chunk: chunk, probes: probes)
    }
}

extension PreparedPrompt {
    /// The prompt whose answer begins with `ids`.
    func continued(by ids: [Int]) -> PreparedPrompt {
        let dictated = ids.enumerated().map { index, id in
            PromptLayout.Token(position: layout.length + index, id: id, text: "", kind: .prefix)
        }
        return PreparedPrompt(
            layout: PromptLayout(tokens: layout.tokens + dictated, images: layout.images),
            ids: self.ids + ids,
            images: images,
            answerPrefix: ids
        )
    }
}

/// The same answer, attention and lens record, bit for bit.
func expectSameProbes(_ a: GenerationResult, _ b: GenerationResult, _ comment: String) {
    expectSame(a, b, comment)
    #expect(Set(a.attention.keys) == Set(b.attention.keys), "\(comment)")
    for (position, row) in a.attention {
        #expect(row.layers.map(\.maps) == b.attention[position]?.layers.map(\.maps), "\(comment), row \(position)")
    }
    #expect(a.lens?.top == b.lens?.top && a.lens?.targetProbability == b.lens?.targetProbability, "\(comment)")
}

/// The same tokens, log-probabilities and first distribution, bit for bit.
func expectSame(_ a: GenerationResult, _ b: GenerationResult, _ comment: String) {
    #expect(a.tokens == b.tokens, "\(comment)")
    #expect(a.next.logProbabilities == b.next.logProbabilities, "\(comment)")
    #expect(a.text == b.text && a.finishReason == b.finishReason, "\(comment)")
}
