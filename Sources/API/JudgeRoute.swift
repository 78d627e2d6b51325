import Experiments
import HTTPCore
import JSON
import Probing
import WebServer

/// `POST /v1/judge`: which tangible objects two texts share.
enum JudgeRoute {
    static let forms: [AnswerForm] = [.json, .npz]

    private static let fields: KnownFields = [
        "reference": .value, "candidate": .value, "judge": .value, "encoding": .value, "dtype": .value,
    ]

    static func answer(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let resident = try holder.ready()
        let place = try resident.gate.enter()
        defer { withExtendedLifetime(place) {} }
        let form = try AnswerForm(request, offered: forms)
        let external = resident.externalJudge
        let (judge, reference, candidate, warnings) = try await WorkQueue.run {
            let root = ProbeField(try RequestBody.json(request), path: "")
            let field = root.member("judge") ?? ProbeField("lexical", path: "judge")
            let judge = try Judge.read(field, external: external)
            _ = try ArrayEncoding(root)
            let (reference, candidate) = (try text(root.required("reference")), try text(root.required("candidate")))
            return (judge, reference, candidate, fields.warnings(root.value))
        }
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

    // MARK: - Private

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
