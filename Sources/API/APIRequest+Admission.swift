import Generation
import Models
import Probing

extension APIRequest {
    /// The prompt with its pictures seen by the vision tower, once it is known that what the body costs on `route` is
    /// allowed. Neither the tower nor the decoder runs before, except that the tower does where a span depends on it.
    func prepare(for route: EstimatedRequest.Route) async throws -> PreparedPrompt {
        let outline = try await resident.preparer.outline(chat.messages, images: images)
        let request = EstimatedRequest(api: self, route: route)
        let known: CostPlan?
        do {
            known = try await request.plan(outline.prompt, unseen: outline.unseenTokens)
        } catch let error as ProbeError {
            // Some spans depend on what the tower makes of the pictures.
            guard outline.unseenTokens > 0 else { throw error }
            known = nil
        }
        if let known { try await resident.check(known) }
        let prompt = try await resident.preparer.prepare(outline)
        // Others select more now than they did before the tower ran.
        if outline.unseenTokens > 0 {
            try await resident.check(request.plan(prompt, unseen: known == nil ? outline.unseenTokens : 0))
        }
        return prompt
    }

    /// The layout alone, for routes that need no more of the prompt, once what the body costs there is known to be
    /// allowed.
    func layout(for route: EstimatedRequest.Route) async throws -> PromptLayout {
        let outline = try await resident.preparer.outline(chat.messages, images: images)
        let request = EstimatedRequest(api: self, route: route)
        try await resident.check(request.plan(outline.prompt, unseen: outline.unseenTokens))
        return outline.prompt.layout
    }
}
