import Generation
import Models
import Probing

/// Which tokens gradients hold responsible, for ablations that are to be compared with it (P1: integrated gradients of
/// "Yes"). The `gradients` member of the body may say otherwise.
struct GradientRanking {
    private let api: APIRequest
    private let request: AttributionRequest
    private let interventions: ResolvedInterventions

    init(_ api: APIRequest, _ request: AttributionRequest, interventions: ResolvedInterventions) {
        self.api = api
        self.request = request
        self.interventions = interventions
    }

    /// The prompt's tokens, the most responsible first; of equals the earlier one.
    func tokens(of prompt: PreparedPrompt) async throws -> [Int] {
        let target = try await api.firstTokens([request.target ?? "Yes"], paths: ["gradients.target"])[0]
        let found = try await api.resident.attributor.attribution(
            request,
            of: prompt,
            target: target,
            interventions: interventions
        )
        return found.ranked
    }
}
