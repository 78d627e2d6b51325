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

    static func answer(_ request: ServerRequest, holder: ModelHolder) async throws -> ServerResponse {
        let api = try await APIRequest.read(
            request,
            holder: holder,
            extra: ["gradients": knownFields],
            forms: [.json, .npz]
        )
        let attribution = try AttributionRequest(api.chat.root.member("gradients"))
        let prompt = try await api.prepare()
        let run = try await api.generation(prompt, maxTokens: 0)
        guard let plain = await api.resident.engine.result(of: run) else { throw CancellationError() }
        let target = try await target(attribution, api: api, plain: plain)
        let study = GradientStudy(api: api, request: attribution, run: run, plain: plain, target: target)
        guard api.chat.streams else {
            let (fields, arrays) = try await study.answer { _, _ in }
            return arrays.response(fields)
        }
        return api.events { writer in
            try await writer.write(event: ["type": "meta", "layout": prompt.layout.payload()])
            let (steps, continuation) = AsyncStream.makeStream(of: (done: Int, total: Int).self)
            async let result = study.answer {
                continuation.yield(($0, $1))
            } onEnd: {
                continuation.finish()
            }
            for await step in steps {
                try await writer.write(event: [
                    "type": "progress", "done": .integer(step.done), "total": .integer(step.total),
                ])
            }
            var (fields, arrays) = try await result
            fields["type"] = "result"
            try await writer.write(event: .object(arrays.complete(fields)))
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

    /// The answer's members, and the arrays among them.
    func answer(
        _ progress: @escaping @Sendable (Int, Int) -> Void,
        onEnd: @Sendable () -> Void = {}
    ) async throws -> (fields: [String: JSONValue], arrays: ArrayAnswer) {
        defer { onEnd() }
        let found = try await api.resident.attributor.attribution(
            request,
            of: run.prompt,
            target: target,
            interventions: run.interventions,
            progress: progress
        )
        var arrays = ArrayAnswer(api, run)
        let gradients = try payload(found, &arrays)
        return (["layout": run.prompt.layout.payload(), "gradients": gradients], arrays)
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
