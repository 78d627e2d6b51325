/// Which gradients a request wants to see, as it was written.
public struct AttributionRequest: Sendable {
    /// How a token's score comes about. y is the target's logit at the prompt's last position, x a token's input
    /// embedding and x' its baseline.
    public enum Method: String, Sendable, CaseIterable {
        /// (x - x') times the mean of dy/dx on the way from x' to x (Sundararajan et al. 2017, arXiv 1703.01365).
        case integrated
        /// dy/dx.
        case gradient
        /// x · dy/dx.
        case gradientTimesInput = "gradient_x_input"
        /// Attention weighted with its gradient, rolled out over the layers (Chefer et al. 2021, arXiv 2103.15679).
        case relevancy
    }

    /// Where integrated gradients start.
    public enum Baseline: String, Sendable, CaseIterable {
        /// The model's stored mean embedding.
        case mean
        /// Zeros.
        case zero
    }

    /// Where on the way from the baseline gradients are taken, and with what weight.
    public enum Rule: String, Sendable, CaseIterable {
        /// In the middle of each step.
        case midpoint
        /// At the beginning of each step.
        case left
        /// At the end of each step.
        case right
        /// At the ends of all steps, the first and last with half the weight.
        case trapezoid

        /// Shares of the way and their weights, which add up to 1.
        public func points(steps: Int) -> [(share: Double, weight: Double)] {
            let weight = 1 / Double(steps)
            return switch self {
            case .midpoint: (0..<steps).map { ((Double($0) + 0.5) * weight, weight) }
            case .left: (0..<steps).map { (Double($0) * weight, weight) }
            case .right: (1...steps).map { (Double($0) * weight, weight) }
            case .trapezoid:
                (0...steps).map { (Double($0) * weight, $0 == 0 || $0 == steps ? weight / 2 : weight) }
            }
        }
    }

    /// How scores come about.
    public var method = Method.integrated
    /// Steps of integrated gradients.
    public var steps = 50
    /// Where they start.
    public var baseline = Baseline.mean
    /// Where they are taken.
    public var rule = Rule.midpoint
    /// The word whose first token is explained; `nil` for the likeliest next token.
    public var target: String?
    /// The tokens that get scores; integrated gradients move these alone.
    public var positions = SpanSelector.named("image")

    /// Steps at most.
    public static let maximumSteps = 1000

    /// Integrated gradients of the likeliest token over the image, in 50 steps from the mean embedding.
    public init() {}

    /// Reads the `gradients` member of a request.
    public init(_ field: ProbeField?) throws(ProbeError) {
        guard let field = try field?.object() else { return }
        if let method = field.member("method") { self.method = try method.word() }
        if let baseline = field.member("baseline") { self.baseline = try baseline.word() }
        if let rule = field.member("rule") { self.rule = try rule.word() }
        if let target = field.member("target") { self.target = try target.string() }
        if let positions = field.member("positions") { self.positions = try SpanSelector(positions) }
        if let steps = field.member("steps") {
            self.steps = try steps.integer()
            guard (1...Self.maximumSteps).contains(self.steps) else {
                throw .invalid(steps.path, "is \(self.steps); it must lie in 1…\(Self.maximumSteps)")
            }
        }
    }
}
