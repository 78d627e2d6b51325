import Generation
import JSON
import Models
import Probing
import Tokenization

/// P2: questions to a picture of which a part of the keys and values is kept.
struct RepromptExperiment: Experiment {
    let name = "reprompt"
    let summary =
        "Two questions of yes or no a picture, in MME's layout. The picture is described once; then each question goes to "
        + "what is kept of that prompt's keys and values: all of it (naive), text and the 5 or 2 % of image tokens that "
        + "the description attended to most in each layer (qs), text alone (q), image tokens alone (s). Beside them: the "
        + "description in words instead of the picture, and the question without any description. ACC counts questions, "
        + "ACC+ pictures with both answers right (P2)."

    let dataset = DatasetKind.questions

    private static let accuracy = "ACC"
    private static let both = "ACC+"
    private static let kept = "positions kept"

    func figures(_ bench: ExperimentBench) -> [Figure] {
        [
            Figure(Self.accuracy, axis: .bars, measure: "share of questions", note: "Guessing gives 0.5."),
            Figure(Self.both, axis: .bars, measure: "share of pictures", note: "Guessing gives 0.25."),
            Figure(
                Self.kept,
                axis: .bars,
                measure: "positions before the question",
                isShare: false,
                note: "What each layer attends to when the question begins."
            ),
        ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        [Self.accuracy, Self.both].flatMap { figure in
            RepromptStrategy.allCases.map { Headline("\(figure), \($0.rawValue)", MeasurementKey(figure, $0.rawValue)) }
        }
    }

    func claims(_ bench: ExperimentBench) -> [Claim] {
        [
            Claim("P2: text and the 5 % of image tokens that the description attended to answer almost like all.") {
                guard let all = $0[MeasurementKey(Self.accuracy, RepromptStrategy.naive.rawValue)],
                    let kept = $0[MeasurementKey(Self.accuracy, RepromptStrategy.textAndTwentieth.rawValue)]
                else { return nil }
                // Of a model that guesses nothing can be lost.
                return (all.mean >= 0.6 && kept.mean >= all.mean - 0.05, [("naive", all), ("qs 5 %", kept)])
            }
        ]
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        let questions = picture.annotated.questions
        var findings = Findings()
        guard let task = questions.first?.task else {
            throw ExperimentError(
                description: "\(picture.annotated.file) has no questions; reprompt takes MME's layout"
            )
        }
        guard let described = try await DescribedPicture(picture, on: bench) else {
            findings.details = ["skipped": "the description is empty"]
            return findings
        }
        var asked: [(strategy: RepromptStrategy, kept: Int, requests: [GenerationRequest])] = []
        for strategy in RepromptStrategy.allCases {
            let (kept, requests) = try await described.ask(questions.map(\.text), strategy)
            asked.append((strategy, kept, requests))
        }
        let answers = try await bench.results(of: asked.flatMap(\.requests)).map(\.text)
        var given: [String: JSONValue] = [:]
        for (index, asked) in asked.enumerated() {
            let name = asked.strategy.rawValue
            let own = answers[index * questions.count..<(index + 1) * questions.count]
            let right = zip(own, questions).map { YesNoAnswer($0).answers($1) }
            for isRight in right {
                findings.measurements.add(isRight, to: MeasurementKey(Self.accuracy, name))
                findings.measurements.add(isRight, to: MeasurementKey("\(Self.accuracy), \(task)", name))
            }
            let allRight = right.allSatisfy { $0 }
            findings.measurements.add(allRight, to: MeasurementKey(Self.both, name))
            findings.measurements.add(allRight, to: MeasurementKey("\(Self.both), \(task)", name))
            findings.measurements.add(Double(asked.kept), to: MeasurementKey(Self.kept, name))
            given[name] = .array(own.map { .string($0) })
        }
        findings.details = [
            "task": .string(task), "description": .string(described.text),
            "questions": .array(
                questions.map { ["text": .string($0.text), "answer": .string($0.isYes ? "yes" : "no")] }
            ),
            "answers": .object(given),
        ]
        return findings
    }
}
