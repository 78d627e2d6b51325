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
    public mutating func next() -> [EdgeEdit] {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in knockout() }
    }

    /// A random knockout.
    public mutating func knockout(mode: KnockoutMode? = nil, factor: Float = 0) -> EdgeEdit {
        EdgeEdit(
            layers: subset(of: shape.layers),
            receivers: span(),
            sources: span(),
            heads: Bool.random(using: &generator) ? Array(0..<shape.heads) : subset(of: shape.heads),
            mode: mode ?? (Int.random(in: 0..<4, using: &generator) > 0 ? .preSoftmax : .postSoftmax),
            factor: factor
        )
    }

    /// One to three random interventions of all kinds.
    public mutating func interventions(model: VisionLanguageModel) -> ResolvedInterventions {
        var result = ResolvedInterventions()
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            if Int.random(in: 0..<4, using: &generator) == 0 {
                result.edges.append(knockout(factor: Float.random(in: 0...4, using: &generator)))
            } else {
                result.states.append(stateEdit(model.decoder.configuration))
            }
        }
        return result
    }

    // MARK: - Private

    /// Rows that are filled, zeroed in part or projected, at any site that can be written.
    private mutating func stateEdit(_ configuration: DecoderConfiguration) -> StateEdit {
        let sites = DecoderSite.all(layers: shape.layers).filter(\.isPatchable)
        let site = sites[Int.random(in: 0..<sites.count, using: &generator)]
        let width = site.shape(configuration)?.reduce(1, *) ?? 0
        let numbers = (0..<width).map { _ in Float.random(in: -1...1, using: &generator) }
        let change: StateEdit.Change
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: change = .fill(numbers)
        case 1: change = .zero([0..<Int.random(in: 1...width, using: &generator)])
        default:
            let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
            change = .project(unit: numbers.map { $0 / norm }, weight: 1, onlyPositive: Bool.random(using: &generator))
        }
        return StateEdit(site: site, positions: span(), change: change)
    }

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
