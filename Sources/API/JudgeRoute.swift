import Experiments
import Generation
import HTTPCore
import JSON
import Probing
import WebServer

/// `POST /v1/judge`: which tangible objects two texts share.
enum JudgeRoute {
    static let forms: [AnswerForm] = [.json, .npz]

    /// The members of a body that are about the judge.
    static let fields: [String: KnownFields] = ["reference": .value, "candidate": .value, "judge": .value]

    private static let known = KnownFields.object(
        fields.merging(["encoding": .value, "dtype": .value]) { first, _ in first }
    )

    static func answer(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let resident = try holder.ready()
        let place = try resident.gate.enter()
        defer { withExtendedLifetime(place) {} }
        let form = try AnswerForm(request, offered: forms)
        let external = resident.externalJudge
        let (judge, reference, candidate, warnings) = try await WorkQueue.run {
            let root = ProbeField(try RequestBody.json(request), path: "")
            let (judge, reference, candidate) = try read(root, external: external)
            _ = try ArrayEncoding(root)
            return (judge, reference, candidate, known.warnings(root.value))
        }
        try await resident.check(plan(reference: reference, candidate: candidate))
        let judgement = try await judge.judge(reference: reference, candidate: candidate)
        var arrays = ArrayAnswer(form, .json, warnings: warnings)
        var answer = judgement.counts.object ?? [:]
        answer["reference_objects"] = .array(judgement.referenceObjects.map { .string($0) })
        answer["candidate_objects"] = .array(judgement.candidateObjects.map { .string($0) })
        let matches = judgement.matches.flatMap { [$0.reference, $0.candidate] }
        answer["matches"] = try arrays.place(
            IntegerArray(shape: [judgement.matches.count, 2], values: matches),
            at: "matches"
        )
        return arrays.response(answer)
    }

    /// The judge that a body asks for and the texts that it is to compare.
    static func read(
        _ root: ProbeField,
        external: ExternalJudge?
    ) throws -> (judge: Judge, reference: String, candidate: String) {
        let judge = try Judge.read(root.member("judge") ?? ProbeField("lexical", path: "judge"), external: external)
        return (judge, try text(root.required("reference")), try text(root.required("candidate")))
    }

    /// What the lexical judge reads; how long another one takes is not known.
    static func plan(reference: String, candidate: String) -> CostPlan {
        var plan = CostPlan.withoutRuns
        let characters = reference.utf8.count + candidate.utf8.count
        plan.otherSeconds = Double(characters) * secondsOfACharacter
        plan.answer.spelled = characters
        return plan
    }

    // MARK: - Private

    /// How long the lexical judge takes for a character of a text.
    private static let secondsOfACharacter = 2.5e-6
    /// Bytes of a text that is judged.
    private static let maximumBytes = 1 << 14

    private static func text(_ field: ProbeField) throws -> String {
        let text = try field.string()
        guard text.utf8.count <= maximumBytes else {
            throw ProbeError.invalid(field.path, "has \(text.utf8.count) bytes; at most \(maximumBytes) are judged")
        }
        return text
    }
}
