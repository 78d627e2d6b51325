import Generation
import JSON
import Models
import Probing
import Tokenization

/// P1: what answers about an object lose when its tokens are replaced.
struct ObjectAblationExperiment: Experiment {
    let name = "object-ablation"
    let summary =
        "One object a picture, drawn with the seed from those alone of their class. Its image tokens, and those with one "
        + "and two rings of neighbours, are replaced; so are as many random tokens and the register tokens. Flip rate: "
        + "the share of right answers that become wrong, in a description, a poll and a forced answer (P1)."

    private static let rightness = "right answers without ablation"

    func figures(_ bench: ExperimentBench) -> [Figure] {
        let replaced = "Tokens are replaced by \(bench.settings.replacement.rawValue)."
        return AblationTask.Kind.allCases.map {
            Figure(Self.flips($0), axis: .bars, measure: "flip rate", note: replaced)
        } + [
            Figure(Self.shift(.polling), axis: .bars, measure: "Δ log-probability of \"Yes\"", isShare: false),
            Figure(Self.shift(.vqa), axis: .bars, measure: "Δ log-probability of the class", isShare: false),
            Figure(Self.rightness, axis: .bars, measure: "share of pictures"),
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var findings = Findings()
        guard let question = try ObjectQuestion(picture.annotated, settings: bench.settings) else {
            findings.details = ["skipped": "no object is alone of its class and passes the filter"]
            return findings
        }
        findings.details = [
            "object": .integer(question.object.id), "class": .string(question.object.annotation.className),
        ]
        for kind in AblationTask.Kind.allCases {
            findings.details[kind.rawValue] = try await ask(
                kind,
                question,
                picture,
                bench,
                &findings.measurements
            )
        }
        return findings
    }

    // MARK: - Private

    private static func flips(_ kind: AblationTask.Kind) -> String { "flip rate, \(kind.rawValue)" }
    private static func shift(_ kind: AblationTask.Kind) -> String { "log-probability, \(kind.rawValue)" }

    /// Tokens that a yes or no may have.
    private static let pollTokens = 8

    private func ask(
        _ kind: AblationTask.Kind,
        _ question: ObjectQuestion,
        _ picture: ShownPicture,
        _ bench: ExperimentBench,
        _ measurements: inout Measurements
    ) async throws -> JSONValue {
        let messages = question.messages(kind, prompt: bench.settings.prompt)
        let maxTokens =
            switch kind {
            case .generative: bench.settings.maxTokens
            case .polling: min(Self.pollTokens, bench.settings.maxTokens)
            case .vqa: 0
            }
        let request = try await bench.request(messages, about: picture, maxTokens: maxTokens)
        let sets = try sets(question, layout: request.prompt.layout, seed: bench.settings.seed &+ picture.annotated.id)
        let outcome = try await bench.study(
            request,
            sets.map { ($0.name, [.tokenAblation($0.tokens, bench.settings.replacement.probe)]) }
        )
        let className = question.object.annotation.className
        let task = AblationTask(kind, className: className)
        let isRight = task.isCorrect(outcome.baseline, tokenizer: bench.model.tokenizer)
        measurements.add(isRight, to: MeasurementKey(Self.rightness, kind.rawValue))
        let target = try await target(kind, className, messages, bench)
        var right: [String: JSONValue] = ["none": .bool(isRight)]
        for (set, run) in zip(sets, outcome.variants) {
            let staysRight = task.isCorrect(run, tokenizer: bench.model.tokenizer)
            right[set.name] = .bool(staysRight)
            if isRight { measurements.add(!staysRight, to: MeasurementKey(Self.flips(kind), set.name)) }
            guard let target else { continue }
            let change = RunComparison(run, with: outcome.baseline, targets: [target]).deltaLogProbability[0]
            if change.isFinite { measurements.add(change, to: MeasurementKey(Self.shift(kind), set.name)) }
        }
        return ["answer": .string(outcome.baseline.text), "right": .object(right)]
    }

    /// The object's sets, a random one as large as each, and the registers if the picture has any.
    private func sets(
        _ question: ObjectQuestion,
        layout: PromptLayout,
        seed: Int
    ) throws -> [(name: String, tokens: SpanSelector)] {
        let own = TokenSet.object(question.patches)
        var sets = own.map { (name: $0.name, tokens: $0.tokens) }
        for set in own {
            let count = try set.tokens.resolved(in: layout, parameter: set.name).promptPositions.count
            sets.append(("random, as \(set.name)", TokenSet.random(count, seed: seed).tokens))
        }
        let registers = TokenSet.registers()
        // Most pictures of small models have no token with so large a norm.
        if (try? registers.tokens.resolved(in: layout, parameter: registers.name)) != nil {
            sets.append((registers.name, registers.tokens))
        }
        return sets
    }

    /// The first token of the right answer, where it is forced.
    private func target(
        _ kind: AblationTask.Kind,
        _ className: String,
        _ messages: [ChatMessage],
        _ bench: ExperimentBench
    ) async throws -> Int? {
        switch kind {
        case .generative: nil
        case .polling: try await bench.firstToken(of: "Yes", in: messages)
        case .vqa: try await bench.firstToken(of: className, in: messages)
        }
    }
}
