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
        + "and two rings of neighbours, are replaced; so are as many random tokens, the register tokens, and 5 to 250 "
        + "tokens drawn at random or chosen by integrated gradients. Flip rate: the share of right answers that become "
        + "wrong, in a description, a poll and a forced answer (P1)."
    let quirks: [ReferenceQuirk] = [.floorGrid, .substrings]

    private static let rightness = "right answers without ablation"
    private static let sizes = "tokens replaced"
    /// The count among P1's that headlines show.
    private static let shownCount = 20

    func figures(_ bench: ExperimentBench) -> [Figure] {
        let tokens = bench.model.vision.standardTokenCount
        let counts = AblationSets.counts(tokens: tokens).map(String.init).joined(separator: ", ")
        let clipped =
            (TokenSet.counts.max() ?? 0) > tokens ? " Counts above a picture's \(tokens) tokens mean all." : ""
        let axis = Figure.Axis.named("tokens replaced")
        let ranked = bench.settings.gradientSteps > 0 ? ", or first by integrated gradients of \"Yes\"" : ""
        let byCount = "\(counts) tokens: drawn at random\(ranked).\(clipped)"
        return AblationTask.Kind.allCases.flatMap { kind in
            [
                Figure(
                    Self.flips(kind),
                    axis: .bars,
                    measure: "share of right answers that become wrong",
                    note: "The object's tokens with no, one and two rings of neighbours, and as many anywhere in the "
                        + "picture, replaced by \(bench.settings.replacement.words)."
                ),
                Figure(Self.byCount(Self.flips(kind)), axis: axis, measure: "flip rate", note: byCount),
            ]
        }
            + [AblationTask.Kind.polling, .vqa].flatMap { kind in
                Self.shifts.flatMap { shift in
                    let figure = Self.shift(shift.name, kind)
                    let measure = "\(shift.name) of \(kind == .polling ? "\"Yes\"" : "the class")"
                    return [
                        Figure(figure, axis: .bars, measure: measure, isShare: false),
                        Figure(Self.byCount(figure), axis: axis, measure: measure, isShare: false),
                    ]
                }
            }
            + [
                Figure(Self.rightness, axis: .bars, measure: "share of pictures"),
                Figure(Self.sizes, axis: .bars, measure: "tokens", isShare: false),
            ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        AblationTask.Kind.allCases.flatMap { kind in
            ["object", "object+1", "random, as object+1"].map {
                Headline("flip rate of \(kind.rawValue), \($0)", MeasurementKey(Self.flips(kind), $0))
            }
                + ["gradient", "random"].map {
                    let key = MeasurementKey(Self.byCount(Self.flips(kind)), $0, x: Self.shownCount)
                    let tokens = $0 == "random" ? "random tokens" : "tokens by gradients"
                    return Headline("flip rate of \(kind.rawValue), \(Self.shownCount) \(tokens)", key)
                }
        }
    }

    func claims(_ bench: ExperimentBench) -> [Claim] {
        AblationTask.Kind.allCases.map { kind in
            Claim(
                "P1: the object's tokens with one ring cost most right answers, as many random ones few (\(kind.rawValue))."
            ) {
                let figure = Self.flips(kind)
                guard let own = $0[MeasurementKey(figure, "object+1")],
                    let random = $0[MeasurementKey(figure, "random, as object+1")]
                else { return nil }
                return (own.mean >= 0.7 && random.mean <= 0.2, [("object+1", own), ("random", random)])
            }
        }
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var findings = Findings()
        guard let question = try await ObjectQuestion.drawn(from: picture, on: bench) else {
            findings.details = ["skipped": .string(ObjectQuestion.missing)]
            return findings
        }
        let ranked = try await ranked(question, picture, bench)
        findings.details = [
            "object": .integer(question.object.id), "class": .string(question.object.annotation.className),
        ]
        for kind in AblationTask.Kind.allCases {
            findings.details[kind.rawValue] = try await ask(
                kind,
                question,
                picture,
                ranked,
                bench,
                &findings.measurements
            )
        }
        return findings
    }

    // MARK: - Private

    /// How a first token's chance changes.
    private static let shifts: [(name: String, of: @Sendable (RunComparison) -> Double)] = [
        ("Δ probability", { $0.deltaProbability[0] }), ("Δ logit", { $0.deltaLogit[0] }),
    ]

    private static func flips(_ kind: AblationTask.Kind) -> String { "flip rate, \(kind.rawValue)" }
    private static func shift(_ name: String, _ kind: AblationTask.Kind) -> String { "\(name), \(kind.rawValue)" }
    private static func byCount(_ figure: String) -> String { "\(figure), by count" }

    /// Where a set's number belongs: among bars, or along the counts.
    private static func key(_ figure: String, _ set: AblationSets.Set) -> MeasurementKey {
        set.count.map { MeasurementKey(byCount(figure), set.series, x: $0) } ?? MeasurementKey(figure, set.series)
    }

    /// The picture's tokens by the gradients of "Yes" in the poll. Pictures precede the question, so they have the same
    /// positions in all three tasks.
    private func ranked(
        _ question: ObjectQuestion,
        _ picture: ShownPicture,
        _ bench: ExperimentBench
    ) async throws -> [Int]? {
        guard bench.settings.gradientSteps > 0 else { return nil }
        let messages = question.messages(.polling, prompt: bench.settings.prompt)
        guard let target = try await bench.firstToken(of: "Yes", in: messages) else { return nil }
        let request = try await bench.request(messages, about: picture, maxTokens: 0)
        return try await bench.rankedByGradients(request.prompt, target: target)
    }

    private func ask(
        _ kind: AblationTask.Kind,
        _ question: ObjectQuestion,
        _ picture: ShownPicture,
        _ ranked: [Int]?,
        _ bench: ExperimentBench,
        _ measurements: inout Measurements
    ) async throws -> JSONValue {
        let messages = question.messages(kind, prompt: bench.settings.prompt)
        let maxTokens =
            switch kind {
            case .generative: bench.settings.maxTokens
            case .polling: min(YesNoAnswer.tokens, bench.settings.maxTokens)
            case .vqa: 0
            }
        let request = try await bench.request(messages, about: picture, maxTokens: maxTokens)
        let layout = request.prompt.layout
        let sets = try AblationSets(
            object: question.patches(in: layout, bench.settings.quirks),
            in: layout,
            ranked: ranked,
            seed: bench.settings.seed &+ picture.annotated.id
        ).sets
        let outcome = try await bench.study(
            request,
            sets.map { ($0.name, [.tokenAblation($0.tokens, bench.settings.replacement.probe)]) }
        )
        let task = bench.task(kind, about: question.object)
        let isRight = task.isCorrect(outcome.baseline, tokenizer: bench.model.tokenizer)
        measurements.add(isRight, to: MeasurementKey(Self.rightness, kind.rawValue))
        let target = try await target(kind, task.className, messages, bench)
        var right: [String: JSONValue] = ["none": .bool(isRight)]
        for (set, run) in zip(sets, outcome.variants) {
            let staysRight = task.isCorrect(run, tokenizer: bench.model.tokenizer)
            right[set.name] = .bool(staysRight)
            if isRight { measurements.add(!staysRight, to: Self.key(Self.flips(kind), set)) }
            if kind == .generative, set.count == nil {
                let size = try set.tokens.resolved(in: layout, parameter: set.name).promptPositions.count
                measurements.add(Double(size), to: MeasurementKey(Self.sizes, set.name))
            }
            guard let target else { continue }
            let comparison = RunComparison(run, with: outcome.baseline, targets: [target])
            for shift in Self.shifts {
                let change = shift.of(comparison)
                if change.isFinite { measurements.add(change, to: Self.key(Self.shift(shift.name, kind), set)) }
            }
        }
        return ["answer": .string(outcome.baseline.text), "right": .object(right)]
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
