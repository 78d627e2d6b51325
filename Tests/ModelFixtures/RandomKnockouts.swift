public import Models
public import Probing

/// Random probes, the same for a seed on every machine.
public struct RandomKnockouts {
    private var generator: SplitMix64
    private let layout: PromptLayout
    private let shape: ProbeShape

    /// Draws for one prompt and one model.
    public init(seed: UInt64, layout: PromptLayout, shape: ProbeShape) {
        generator = SplitMix64(seed: seed)
        self.layout = layout
        self.shape = shape
    }

    /// One to three knockouts of random spans, layers, heads and modes.
    public mutating func next() -> [ResolvedKnockout] {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in knockout() }
    }

    /// A random knockout.
    public mutating func knockout(mode: KnockoutMode? = nil) -> ResolvedKnockout {
        ResolvedKnockout(
            layers: subset(of: shape.layers),
            receivers: span(),
            sources: span(),
            heads: Bool.random(using: &generator) ? Array(0..<shape.heads) : subset(of: shape.heads),
            mode: mode ?? (Int.random(in: 0..<4, using: &generator) > 0 ? .preSoftmax : .postSoftmax)
        )
    }

    // MARK: - Private

    private mutating func subset(of count: Int) -> [Int] {
        let chosen = (0..<count).filter { _ in Bool.random(using: &generator) }
        return chosen.isEmpty ? [Int.random(in: 0..<count, using: &generator)] : chosen
    }

    /// A named span, a range, a sprinkle or a single position; decode rows now and then.
    private mutating func span() -> PositionSet {
        let length = layout.length
        let generated = Bool.random(using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            let name = ["image", "bos", "question", "template", "text", "last"].randomElement(using: &generator)
            let positions = layout.positions(named: name ?? "image") ?? []
            return PositionSet(length: length, positions: positions, generated: generated || positions.isEmpty)
        case 1:
            let ends = (0..<2).map { _ in Int.random(in: 0..<length, using: &generator) }
            let range = min(ends[0], ends[1])...max(ends[0], ends[1])
            return PositionSet(length: length, positions: range, generated: generated)
        case 2:
            let positions = (0..<length).filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
            return PositionSet(length: length, positions: positions, generated: true)
        default:
            let position = Int.random(in: 0..<length, using: &generator)
            return PositionSet(length: length, positions: [position], generated: generated)
        }
    }
}
