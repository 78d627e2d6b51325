public import Generation
import Models
public import Probing

/// A run of a study beside its baseline.
public struct StudyVariant: Sendable {
    /// What it is called in results.
    public let name: String
    /// What it changes beyond the baseline.
    public let interventions: ResolvedInterventions

    /// Names a set of changes.
    public init(name: String, interventions: ResolvedInterventions) {
        self.name = name
        self.interventions = interventions
    }
}

/// A baseline and its variants, which share what causality lets them share: a variant's states before its first
/// affected position and layer are the baseline's, and all variants run as rows of the same steps.
public struct InterventionStudy: Sendable {
    /// What a study reports while it runs.
    public enum Event: Sendable {
        /// The baseline has ended; the variants start.
        case baseline(GenerationResult)
        /// The variant with this index has ended; variants end in any order.
        case variant(Int, GenerationResult, baseline: GenerationResult)
    }

    /// What a study came to.
    public struct Outcome: Sendable {
        /// The run without the variants' changes.
        public let baseline: GenerationResult
        /// One run for each variant, in the study's order.
        public let variants: [GenerationResult]
        /// What it cost.
        public let cost: Cost
    }

    /// What a study cost.
    public struct Cost: Sendable {
        /// Prompt positions that variants took from the baseline.
        public let sharedPrefixTokens: Int
        /// Rows that passed through the decoder.
        public let rows: Int
        /// Wall-clock seconds.
        public let seconds: Double
    }

    /// Who runs it.
    public let engine: InferenceEngine
    /// The run that variants are compared with.
    public let baseline: GenerationRequest
    /// What is tried beside it.
    public let variants: [StudyVariant]

    /// A study of some variants of `baseline`.
    public init(engine: InferenceEngine, baseline: GenerationRequest, variants: [StudyVariant]) {
        self.engine = engine
        self.baseline = baseline
        self.variants = variants
    }

    /// Runs everything; `report` hears of each run as it ends. Throws `CancellationError` when the task is cancelled, and
    /// what `report` throws.
    public func run(
        _ report: (Event) async throws -> Void = { _ in }
    ) async throws -> Outcome {
        let start = ContinuousClock.now
        let layers = engine.model.probeShape.layers
        let kept = baseline.baseline(of: variants.map(\.interventions), layers: layers)
        guard let reference = await engine.result(of: kept), let record = reference.promptRecord else {
            throw CancellationError()
        }
        try await report(.baseline(reference))
        let length = baseline.prompt.layout.length
        var results = [GenerationResult?](repeating: nil, count: variants.count)
        var shared = 0
        var rows = length + reference.tokens.count
        try await withThrowingTaskGroup(of: (Int, GenerationResult).self) { group in
            for (index, variant) in variants.enumerated() {
                let request = baseline.variant(variant.interventions, of: record, layers: layers)
                group.addTask {
                    guard let result = await engine.result(of: request) else { throw CancellationError() }
                    return (index, result)
                }
            }
            for try await (index, result) in group {
                shared += result.cachedTokens
                rows += length - result.cachedTokens + result.tokens.count
                results[index] = result
                try await report(.variant(index, result, baseline: reference))
            }
        }
        let cost = Cost(
            sharedPrefixTokens: shared,
            rows: rows,
            seconds: (ContinuousClock.now - start).seconds
        )
        return Outcome(baseline: reference, variants: results.compactMap { $0 }, cost: cost)
    }
}
