import Experiments
import HTTPCore
import JSON
import Probing
import WebServer

/// `POST /v1/judge`: which tangible objects two texts share.
enum JudgeRoute {
    static func answer(_ request: ServerRequest, _ holder: ModelHolder) async throws -> ServerResponse {
        let resident = try holder.ready()
        let place = try resident.gate.enter()
        defer { withExtendedLifetime(place) {} }
        let external = resident.externalJudge
        let (judge, reference, candidate) = try await WorkQueue.run {
            let root = ProbeField(try RequestBody.json(request), path: "")
            let field = root.member("judge") ?? ProbeField("lexical", path: "judge")
            guard let judge = try Judge.read(field, external: external) else {
                throw ProbeError.invalid("judge", "is \"none\"; ask for lexical or external")
            }
            return (judge, try text(root.required("reference")), try text(root.required("candidate")))
        }
        let judgement = try await judge.judge(reference: reference, candidate: candidate)
        guard case .object(var fields) = judgement.counts else { return .json(judgement.counts.serialized()) }
        fields["reference_objects"] = .array(judgement.referenceObjects.map { .string($0) })
        fields["candidate_objects"] = .array(judgement.candidateObjects.map { .string($0) })
        fields["matches"] = .array(judgement.matches.map { [.integer($0.reference), .integer($0.candidate)] })
        return .json(JSONValue.object(fields).serialized())
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
