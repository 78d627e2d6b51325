/// What a request asks of the model, before anything runs.
public struct CostPlan: Sendable, Equatable {
    /// One sequence.
    public struct Run: Sendable, Equatable {
        /// Positions of its prompt.
        public var promptLength: Int
        /// Those of them that another run has computed.
        public var sharedRows: Int
        /// Share of the decoder's layers that the others pass through, 0…1.
        public var layerShare: Double
        /// Tokens of the answer at most.
        public var maxTokens: Int
        /// Numbers that probes keep of it.
        public var recordedNumbers: Int
        /// Numbers that probes hold beside the keys and values for as long as it runs.
        public var heldNumbers = 0
        /// Hidden states that probes read through the head.
        public var headRows = 0

        /// A run that shares nothing unless one says so.
        public init(
            promptLength: Int,
            sharedRows: Int = 0,
            layerShare: Double = 1,
            maxTokens: Int,
            recordedNumbers: Int = 0
        ) {
            self.promptLength = promptLength
            self.sharedRows = sharedRows
            self.layerShare = layerShare
            self.maxTokens = maxTokens
            self.recordedNumbers = recordedNumbers
        }

        /// Rows that pass through the decoder.
        public var rows: Int { promptLength - sharedRows + max(0, maxTokens - 1) }
    }

    /// Gradients of one prompt: sequences of its length that pass through the decoder in f32, forwards and back.
    public struct Gradients: Sendable, Equatable {
        /// Positions of the prompt.
        public let length: Int
        /// Sequences that pass forwards and backwards.
        public let backward: Int
        /// Sequences that pass forwards alone.
        public let forward: Int
        /// How often all weights are packed for such a pass, forwards or backwards.
        public let packings: Int
        /// Bytes while as many sequences pass at once as are meant to.
        public let peakBytes: Int
        /// Bytes while one sequence passes, which is the least.
        public let leastBytes: Int

        /// Rows that pass through the decoder.
        public var rows: Int { (backward + forward) * length }

        /// Refuses what could not run even sequence by sequence.
        public func check(budget: Int) throws(MemoryError) {
            guard leastBytes <= budget else {
                throw MemoryError(needed: leastBytes, budget: budget, subject: "the gradients of this prompt")
            }
        }
    }

    /// What an answer carries beside its text.
    public struct Answer: Sendable, Equatable {
        /// Numbers that are written out.
        public var spelled: Int
        /// Numbers that travel as base64.
        public var encoded: Int

        /// An answer with these numbers.
        public init(spelled: Int = 0, encoded: Int = 0) {
            self.spelled = spelled
            self.encoded = encoded
        }
    }

    /// Image tokens that the vision tower makes.
    public var pictureTokens: Int
    /// Runs that end, one after the other, before the first of the others begins: what its changes depend on.
    public var preparations: [Run] = []
    /// The run that goes first.
    public var baseline: Run
    /// Runs that follow, all at once.
    public var variants: [Run]
    /// Gradients that are taken after the first run and before the others.
    public var gradients: Gradients?
    /// What is written in the end.
    public var answer = Answer()
    /// Seconds of work beside the model.
    public var otherSeconds = 0.0

    /// A plan of a first run and, perhaps, of others.
    public init(pictureTokens: Int, baseline: Run, variants: [Run] = []) {
        self.pictureTokens = pictureTokens
        self.baseline = baseline
        self.variants = variants
    }

    /// All runs; the first one may be none.
    public var runs: [Run] { preparations + (baseline.promptLength > 0 ? [baseline] : []) + variants }

    /// Rows of all runs.
    public var rows: Int { runs.reduce(0) { $0 + $1.rows } }
}

/// What a plan is predicted to cost.
public struct CostEstimate: Sendable, Equatable {
    /// Seconds if every answer takes all its tokens and nothing else runs.
    public let seconds: Double
    /// Bytes beside the model at the worst moment.
    public let peakBytes: Int
    /// Bytes of keys and values that must be there together: those of the first run and of the largest other one.
    public let cacheBytes: Int
}

/// A request that is predicted to take longer than the server's owner allows.
public struct TimeBudgetError: Error, CustomStringConvertible, Sendable {
    /// Predicted seconds.
    public let seconds: Double
    /// Allowed seconds.
    public let budget: Double

    /// Names both.
    public init(seconds: Double, budget: Double) {
        self.seconds = seconds
        self.budget = budget
    }

    /// Both numbers and what to do.
    public var description: String {
        func text(_ value: Double) -> String {
            let digits = value < 1 ? 1000.0 : 10
            return "\((value * digits).rounded() / digits)"
        }
        return
            "this request is predicted to take \(text(seconds)) seconds and the server allows \(text(budget)); send a "
            + "lower max_tokens, fewer variants or fewer steps of gradients"
    }
}
