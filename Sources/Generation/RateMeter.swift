import Synchronization

/// How fast this process runs the model: moving averages over what its steps took.
public final class RateMeter: Sendable {
    /// Measured speeds; `nil` until something of the kind has run.
    public struct Rates: Sendable, Equatable {
        /// Operations of the decoder in a second while prompts run.
        public var operationsPerSecond: Double?
        /// Seconds of a step that only decodes a few sequences: weights are read once for all of them.
        public var decodeStepSeconds: Double?
        /// Seconds for one image token in the vision tower.
        public var pictureTokenSeconds: Double?
        /// Operations of the decoder in a second while gradients are taken.
        public var gradientOperationsPerSecond: Double?

        /// Nothing measured.
        public init() {}
    }

    /// Rows from which a step counts as one of prompts.
    private static let promptRows = 32
    /// Rows up to which a step counts as one of decoding.
    private static let decodeRows = 8
    /// What a new measurement weighs.
    private static let weight = 0.1

    private let state = Mutex(Rates())

    /// A meter that has measured nothing.
    public init() {}

    /// The averages so far.
    public var rates: Rates { state.withLock { $0 } }

    /// A step of the decoder has ended.
    func recordStep(rows: Int, operations: Double, seconds: Double) {
        guard seconds > 0 else { return }
        state.withLock { rates in
            if rows >= Self.promptRows { Self.average(&rates.operationsPerSecond, operations / seconds) }
            if rows <= Self.decodeRows { Self.average(&rates.decodeStepSeconds, seconds) }
        }
    }

    /// The vision tower has seen a picture.
    func recordPicture(tokens: Int, seconds: Double) {
        guard tokens > 0, seconds > 0 else { return }
        state.withLock { Self.average(&$0.pictureTokenSeconds, seconds / Double(tokens)) }
    }

    /// Gradients have been taken.
    func recordGradients(operations: Double, seconds: Double) {
        guard seconds > 0 else { return }
        state.withLock { Self.average(&$0.gradientOperationsPerSecond, operations / seconds) }
    }

    // MARK: - Private

    private static func average(_ average: inout Double?, _ value: Double) {
        average = average.map { $0 + (value - $0) * weight } ?? value
    }
}
