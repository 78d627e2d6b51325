public import Models
import Tensors

/// Predicts what a plan costs from the decoder's shape and measured rates.
///
/// Time is operations over the rate of prompts, except that a step of decoding takes no less than reading all weights
/// does. Operations are two for each weight and row, and four for each head, channel and key.
public struct CostModel: Sendable {
    private let shape: DecoderConfiguration
    private let pageBytes: @Sendable (_ positions: Int) -> Int
    private let cacheBudget: Int
    /// How fast passes for gradients, which are in f32, are beside prompts until one has been measured.
    private let gradientSpeed: Double

    /// Rows whose scratch memory exists at one time.
    private static let stepRows = BatchScheduler.rowBudget
    /// What a step of decoding costs in rows of prompts until one has been measured: reading a weight takes about as
    /// long as this many multiplications by it.
    private static let decodeStepRows = 32.0
    /// What packing all weights once for gradients costs in rows.
    private static let packingRows = 16.0
    /// What one number of an answer costs, written out and as base64: seconds to write it, and bytes of its value and its
    /// text, as measured on a server's answers of some hundred thousand of them.
    private static let spelled = (seconds: 2e-7, bytes: 48)
    private static let encoded = (seconds: 3e-8, bytes: 20)

    /// The costs of one model whose running sequences may keep `cacheBudget` bytes of keys and values.
    public init(model: VisionLanguageModel, cacheBudget: Int) {
        shape = model.decoder.configuration
        self.cacheBudget = cacheBudget
        gradientSpeed = model.description.format == .f32 ? 0.5 : 0.25
        pageBytes = { model.decoder.makeCache().byteCount(growingTo: $0) }
    }

    /// Operations of the rows at `positions` of one sequence in all layers.
    public func operations(positions: Range<Int>) -> Double {
        let rows = Double(positions.count)
        let attention = 4 * Double(shape.heads * shape.headDim * shape.layers)
        // Row p sees p + 1 keys.
        let keys = rows * (Double(positions.lowerBound + positions.upperBound + 1) / 2)
        return rows * 2 * weights + attention * keys
    }

    /// Operations of gradients. A sequence that goes backwards passes its blocks twice forwards, the second time with all
    /// states kept; going back takes as much for the weights, whose own gradients nobody wants, and two and a half times
    /// as much for attention: five matrix products instead of two.
    public func operations(_ gradients: CostPlan.Gradients) -> Double {
        let linear = 2 * weights * Double(gradients.length)
        let forward = operations(positions: 0..<gradients.length)
        let backward = 2 * forward + linear + 2.5 * (forward - linear)
        return Double(gradients.forward) * forward + Double(gradients.backward) * backward
            + Double(gradients.packings) * Self.packingRows * 2 * weights
    }

    /// What a plan costs at measured rates; those that are not known are derived from those that are.
    public func estimate(_ plan: CostPlan, rates: RateMeter.Rates) -> CostEstimate {
        let rate = rates.operationsPerSecond ?? 1e10
        let step = rates.decodeStepSeconds ?? Self.decodeStepRows * 2 * weights / rate
        let pictureToken = rates.pictureTokenSeconds ?? 2 * weights / rate
        let gradientRate = rates.gradientOperationsPerSecond ?? rate * gradientSpeed
        let runs =
            plan.preparations.reduce(0) { $0 + self.seconds([$1], rate: rate, step: step) }
            + self.seconds([plan.baseline], rate: rate, step: step)
            + self.seconds(plan.variants, rate: rate, step: step)
        let answer =
            Double(plan.answer.spelled) * Self.spelled.seconds + Double(plan.answer.encoded) * Self.encoded.seconds
        let seconds =
            Double(plan.pictureTokens) * pictureToken + runs + answer + plan.otherSeconds
            + (plan.gradients.map { operations($0) / gradientRate } ?? 0)
        let baseline = cacheBytes(plan.baseline)
        let variants = plan.variants.map(cacheBytes)
        let together = max(baseline + (variants.max() ?? 0), plan.preparations.map(cacheBytes).max() ?? 0)
        let caches = min(baseline + variants.reduce(0, +), max(together, cacheBudget))
        // Gradients are over when the variants begin, but what the first run left is still there.
        let running = max(caches + scratch(plan), baseline + (plan.gradients?.peakBytes ?? 0))
        let peak = max(running, answerBytes(plan))
        return CostEstimate(seconds: seconds, peakBytes: peak + kept(plan), cacheBytes: together)
    }

    // MARK: - Private

    /// Multiplications by weights for one row, the head's left out: few rows pass through it.
    private var weights: Double {
        let attention = shape.hiddenSize * shape.headDim * (2 * shape.heads + 2 * shape.keyValueHeads)
        return Double(shape.layers) * Double(attention + 3 * shape.hiddenSize * shape.intermediateSize)
    }

    /// Runs that share every step.
    private func seconds(_ runs: [CostPlan.Run], rate: Double, step: Double) -> Double {
        let head = 2 * Double(shape.hiddenSize * shape.vocabularySize)
        var seconds = 0.0
        var decode = 0.0
        for run in runs {
            seconds += operations(positions: run.sharedRows..<run.promptLength) * run.layerShare / rate
            seconds += Double(run.headRows) * head / rate
            let answer = run.promptLength..<run.promptLength + max(0, run.maxTokens - 1)
            decode += (operations(positions: answer) + Double(answer.count) * head) / rate
        }
        let steps = runs.map { max(0, $0.maxTokens - 1) }.max() ?? 0
        return seconds + max(decode, Double(steps) * step)
    }

    /// Keys and values that a run adds to those it shares, and what probes record of it.
    private func cacheBytes(_ run: CostPlan.Run) -> Int {
        pageBytes(run.promptLength + run.maxTokens) - pageBytes(run.sharedRows)
            + (run.recordedNumbers + run.heldNumbers) * MemoryLayout<Float>.stride
    }

    /// What was recorded and what is made of it, once all runs are over.
    private func answerBytes(_ plan: CostPlan) -> Int {
        let recorded = ([plan.baseline] + plan.variants).reduce(0) { $0 + $1.recordedNumbers }
        return recorded * MemoryLayout<Float>.stride + plan.answer.spelled * Self.spelled.bytes
            + plan.answer.encoded * Self.encoded.bytes
    }

    /// Embeddings of pictures and each run's first distribution.
    private func kept(_ plan: CostPlan) -> Int {
        let distributions = plan.runs.count * shape.vocabularySize
        return (plan.pictureTokens * shape.hiddenSize + distributions) * MemoryLayout<Float>.stride
    }

    /// States, projections and logits of one step, the gate counted apart as probes of it keep it.
    private func scratch(_ plan: CostPlan) -> Int {
        let rows = min(Self.stepRows, plan.rows)
        let widths = 4 * shape.hiddenSize + shape.headDim * (2 * shape.heads + 2 * shape.keyValueHeads)
        let logits = min(rows, plan.runs.count) * shape.vocabularySize
        return (rows * (widths + 2 * shape.intermediateSize) + logits) * MemoryLayout<Float>.stride
    }
}
