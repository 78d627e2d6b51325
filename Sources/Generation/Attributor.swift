import Foundation
public import Models
public import Probing
import Tensors

/// Explains next-token logits by gradients, on a queue of its own; its operations take turns with the engine's.
public final class Attributor: Sendable {
    private let model: VisionLanguageModel
    private let memory: Int
    private let meter: RateMeter
    private let costs: CostModel
    private let queue = CancellableQueue("fovea.gradients")

    /// Bytes that the rows of one pass should take at most.
    private static let batchBytes = 512 << 20

    /// An attributor that takes at most `memory` bytes beside the model; `meter` hears how long it takes.
    public init(model: VisionLanguageModel, memory: Int = .max, meter: RateMeter = RateMeter()) {
        self.model = model
        self.memory = memory
        self.meter = meter
        costs = CostModel(model: model, cacheBudget: memory)
    }

    /// What a request would take on a prompt of `length` positions.
    ///
    /// - Throws: `ProbeError` where the model's weights allow no gradients.
    public func plan(_ request: AttributionRequest, length: Int) throws(ProbeError) -> CostPlan.Gradients {
        let gradient = try gradient()
        let points = request.method == .integrated ? request.rule.points(steps: request.steps).count : 1
        let atOnce = min(points, sequences(of: length, gradient))
        let passes = (points + atOnce - 1) / atOnce
        let ends = request.method == .integrated ? 2 : 0
        return CostPlan.Gradients(
            length: length,
            backward: points,
            forward: ends,
            // Forwards, once more for the states, and backwards; the ends of the way go forwards alone.
            packings: 3 * passes + (ends > 0 ? 1 : 0),
            peakBytes: gradient.byteCount(rows: length * atOnce),
            leastBytes: gradient.byteCount(rows: length)
        )
    }

    /// Scores of a prompt's tokens for the logit of vocabulary id `target` at its last position.
    ///
    /// - Parameters:
    ///   - interventions: what is changed in the model that is to be explained. What they put in place of states is
    ///     constant: gradients end there.
    ///   - baseline: where integrated gradients start, `[hidden]`, instead of what the request says.
    ///   - progress: hears how many of how many passes are done.
    /// - Throws: `ProbeError` for a request that means nothing on this prompt, `MemoryError` for a prompt too long.
    public func attribution(
        _ request: AttributionRequest,
        of prompt: PreparedPrompt,
        target: Int,
        interventions: ResolvedInterventions = ResolvedInterventions(),
        baseline: [Float]? = nil,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> Attribution {
        let positions = try request.positions.resolved(in: prompt.layout, parameter: "gradients.positions")
            .promptPositions
        guard !positions.isEmpty else {
            throw ProbeError.unsupported("gradients.positions", "selects no position of the prompt")
        }
        let start = request.method == .integrated ? try baseline ?? self.baseline(request.baseline) : []
        let gradient = try gradient()
        let plan = try plan(request, length: prompt.ids.count)
        try plan.check(budget: memory)
        return try await queue.run { cancellation in
            let began = ContinuousClock.now
            let pass = AttributionPass(
                gradient: gradient,
                inputs: prompt.embeddings(self.model.decoder),
                positions: positions,
                target: target,
                changes: interventions.isEmpty ? nil : ProbeRun(interventions, shape: self.model.probeShape),
                check: cancellation.check
            )
            let found =
                switch request.method {
                case .integrated:
                    try pass.integrated(
                        request.rule.points(steps: request.steps),
                        from: start,
                        atOnce: self.sequences(of: prompt.ids.count, gradient),
                        progress: progress
                    )
                case .gradient: try pass.gradients { _, gradient in gradient }
                case .gradientTimesInput: try pass.gradients { $0 * $1 }
                case .relevancy: try pass.relevancy()
                }
            let seconds = (ContinuousClock.now - began).seconds
            self.meter.recordGradients(operations: self.costs.operations(plan), seconds: seconds)
            return found
        }
    }

    // MARK: - Private

    private func gradient() throws(ProbeError) -> DecoderGradient {
        let gradient = DecoderGradient(model.decoder)
        guard gradient.isAvailable else {
            throw .unsupported(
                "gradients",
                "the weights are packed for forward passes alone; serve the directory that they were converted from"
            )
        }
        return gradient
    }

    private func baseline(_ baseline: AttributionRequest.Baseline) throws(ProbeError) -> [Float] {
        switch baseline {
        case .zero: return Array(repeating: 0, count: model.decoder.configuration.hiddenSize)
        case .mean:
            guard let mean = model.meanEmbedding else {
                throw .unsupported("gradients.baseline", MeanEmbedding.missing(or: "\"zero\""))
            }
            return mean
        }
    }

    /// Sequences of `length` rows that one pass takes.
    private func sequences(of length: Int, _ gradient: DecoderGradient) -> Int {
        let weights = gradient.byteCount(rows: 0)
        let rows = gradient.byteCount(rows: length) - weights
        return max(1, min(Self.batchBytes, memory - weights) / rows)
    }
}
