import Generation
import JSON
import Models
import Probing
import Tokenization
import WebServer

/// `POST /v1/gradients`: what the next token owes to each token of the image.
enum GradientRoute {
    /// The members of `gradients`.
    static let knownFields: KnownFields = [
        "method": .value, "target": .value, "steps": .value, "baseline": .value, "rule": .value, "positions": .span,
    ]

    static let fields: [String: KnownFields] = ["gradients": knownFields, "render": RenderRequest.fields]

    static let forms = AnswerForm.allCases

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(request, holder: holder, extra: fields, forms: forms)
        let attribution = try AttributionRequest(api.chat.root.member("gradients"))
        let render = try RenderRequest(api.chat.root.member("render"))
        if api.form == .png { try render.checkWithoutRowsAndLayers() }
        let prompt = try await api.prepare(for: .gradients)
        let overlay = try api.form == .png ? Overlay(render, layout: prompt.layout, images: api.images) : nil
        let run = try await api.generation(prompt, maxTokens: 0)
        let plain = try await api.result(of: run)
        let target = try await target(attribution, api: api, plain: plain)
        let study = GradientStudy(api: api, request: attribution, run: run, plain: plain, target: target)
        if let overlay {
            let found = try await study.attribution { _, _ in }
            return try await overlay.answer(study.map(found, of: overlay.placement))
        }
        return try await api.answer(on: prompt.layout) { report in
            let (steps, continuation) = AsyncStream.makeStream(of: (done: Int, total: Int).self)
            async let found = study.attribution {
                continuation.yield(($0, $1))
            } onEnd: {
                continuation.finish()
            }
            for await step in steps {
                try await report(["type": "progress", "done": .integer(step.done), "total": .integer(step.total)])
            }
            return try study.answer(try await found)
        }
    }

    // MARK: - Private

    private static func target(
        _ request: AttributionRequest,
        api: APIRequest,
        plain: GenerationResult
    ) async throws -> Int {
        guard let word = request.target else { return plain.next.argmax }
        return try await api.firstTokens([word], paths: ["gradients.target"])[0]
    }
}

/// One request for gradients, ready to run.
private struct GradientStudy: Sendable {
    let api: APIRequest
    let request: AttributionRequest
    let run: GenerationRequest
    let plain: GenerationResult
    let target: Int

    /// What the gradients say.
    func attribution(
        _ progress: @escaping @Sendable (Int, Int) -> Void,
        onEnd: @Sendable () -> Void = {}
    ) async throws -> Attribution {
        defer { onEnd() }
        return try await api.resident.attributor.attribution(
            request,
            of: run.prompt,
            target: target,
            interventions: run.interventions,
            progress: progress
        )
    }

    /// The answer's members, and the arrays among them.
    func answer(_ found: Attribution) throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        var arrays = ArrayAnswer(api, run)
        let gradients = try payload(found, &arrays)
        return (["layout": run.prompt.layout.payload(), "gradients": gradients], arrays)
    }

    /// The unsigned score of each patch of a picture; patches without one have none.
    func map(_ found: Attribution, of picture: ImagePlacement) throws(ProbeError) -> [Float] {
        let scores = Dictionary(zip(found.positions, found.absolute)) { first, _ in first }
        guard picture.patchPositions.contains(where: { scores[$0] != nil }) else {
            throw .unsupported("gradients.positions", "holds no token of the picture that is to be drawn over")
        }
        return picture.patchPositions.map { scores[$0] ?? 0 }
    }

    // MARK: - Private

    private func payload(_ found: Attribution, _ arrays: inout ArrayAnswer) throws(ProbeError) -> JSONValue {
        func place(_ values: [Float], _ name: String) throws(ProbeError) -> JSONValue {
            try arrays.place(NumberArray(shape: [values.count], values: values), at: "gradients.\(name)")
        }
        let signed = if let values = found.signed { try place(values, "signed") } else { JSONValue.null }
        let absolute = try place(found.absolute, "absolute")
        let isIntegrated = request.method == .integrated
        return [
            "method": .string(request.method.rawValue),
            "target": [
                "id": .integer(target), "text": .string(api.resident.model.tokenizer.text(of: target)),
                "logit": .float(found.logit), "logprob": .number(plain.next[target].logProbability),
            ],
            "positions": .array(found.positions.map { .integer($0) }),
            "signed": signed,
            "absolute": absolute,
            "steps": isIntegrated ? .integer(request.steps) : nil,
            "rule": isIntegrated ? .string(request.rule.rawValue) : nil,
            "baseline": isIntegrated ? .string(request.baseline.rawValue) : nil,
            "completeness": found.completeness.map(payload) ?? nil,
        ]
    }

    private func payload(_ completeness: Attribution.Completeness) -> JSONValue {
        [
            "sum": .number(completeness.sum), "difference": .number(completeness.difference),
            "error": .number(completeness.error),
            "relative_error": completeness.relativeError.map { .number($0) } ?? nil,
        ]
    }
}
