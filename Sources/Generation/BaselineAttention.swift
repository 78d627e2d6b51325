import Models
public import Probing

extension InferenceEngine {
    /// What each layer attends to in the pictures while a request's answer is produced; `nil` when the surrounding task
    /// was cancelled.
    ///
    /// The rows are those that produced the answer's tokens. Where there is none, because no token was asked for or the
    /// model gave none, it is the prompt's last row, which decided that.
    public func ranking(of request: GenerationRequest) async throws -> AttentionRanking? {
        let layout = request.prompt.layout
        var run = GenerationRequest(prompt: request.prompt, maxTokens: max(1, request.maxTokens))
        run.sampling = request.sampling
        run.stop = request.stop
        run.interventions = request.interventions
        run.sharedPrefix = request.sharedPrefix
        try run.record(shape: model.probeShape)
        try checkMemory(for: run)
        guard let result = await result(of: run) else { return nil }
        let rows = result.attention.values.filter {
            $0.position - (layout.length - 1) < max(1, result.tokens.count)
        }
        return AttentionRanking(
            rows,
            positions: layout.positions(named: "image") ?? [],
            layers: model.probeShape.layers
        )
    }
}
