import Foundation
public import Models
import Tensors

/// Finds out what ablated tokens become.
struct TokenAblation {
    private let context: InterventionContext
    private let parameter: String

    init(_ context: InterventionContext, _ parameter: String) {
        self.context = context
        self.parameter = parameter
    }

    /// The edit of the embeddings, or of what enters block `layer`.
    func edit(_ tokens: SpanSelector, _ replacement: Replacement, layer: Int?) throws(ProbeError) -> StateEdit {
        let layers = context.model.decoder.configuration.layers
        if let layer, !(0..<layers).contains(layer) {
            throw .unsupported(
                "\(parameter).site.layer",
                "layer \(layer) does not exist; the model has layers 0…\(layers - 1)"
            )
        }
        let set = try tokens.promptPositions(in: context.layout, parameter: "\(parameter).tokens")
        let site = layer.map { DecoderSite.block($0, .residualPre) } ?? .embedding
        return StateEdit(site: site, positions: set, change: try change(replacement, set.promptPositions, layer: layer))
    }

    // MARK: - Private

    private func change(
        _ replacement: Replacement,
        _ positions: [Int],
        layer: Int?
    ) throws(ProbeError) -> StateEdit.Change {
        switch replacement {
        case .zero:
            return .fill(Array(repeating: 0, count: context.model.decoder.configuration.hiddenSize))
        case .mean:
            guard let mean = context.model.meanEmbedding else {
                throw .unsupported(
                    "\(parameter).replace",
                    MeanEmbedding.missing(or: "\"zero\", \"noise\" or \"image_mean\"")
                )
            }
            return .fill(mean)
        case .imageMean:
            return .rows(try pictureMeans(positions, layer: layer))
        case .noise(let seed):
            let states = try states(at: positions, layer: layer)
            return .rows(Self.noise(like: states, at: positions, seed: seed))
        }
    }

    /// What stands at the site without any intervention.
    private func states(at positions: [Int], layer: Int?) throws(ProbeError) -> [[Float]] {
        guard layer == nil else { return context.states[parameter] ?? [] }
        return try context.embeddings(at: positions, parameter: "\(parameter).tokens")
    }

    private func pictureMeans(_ positions: [Int], layer: Int?) throws(ProbeError) -> [Int: [Float]] {
        let pictures = context.layout.positions(named: "image") ?? []
        let states = try states(at: pictures, layer: layer)
        let byPosition = Dictionary(zip(pictures, states)) { first, _ in first }
        let means = context.layout.images.map { image in Self.mean(image.positions.compactMap { byPosition[$0] }) }
        var rows: [Int: [Float]] = [:]
        for position in positions {
            guard let image = context.layout.images.firstIndex(where: { $0.positions.contains(position) }) else {
                throw .unsupported(
                    "\(parameter).tokens",
                    "position \(position) is in no picture, so it has no image_mean"
                )
            }
            rows[position] = means[image]
        }
        return rows
    }

    /// Accumulated in f64.
    private static func mean(_ rows: [[Float]]) -> [Float] {
        var sums = [Double](repeating: 0, count: rows.first?.count ?? 0)
        for row in rows {
            for (column, value) in row.enumerated() { sums[column] += Double(value) }
        }
        return sums.map { Float($0 / Double(rows.count)) }
    }

    /// Independent normal numbers (Box and Muller 1958). A position's numbers depend on the seed and the position, and
    /// on the other positions only through the mean and standard deviation of all their states.
    private static func noise(like states: [[Float]], at positions: [Int], seed: Int) -> [Int: [Float]] {
        let numbers = states.joined().map(Double.init)
        let mean = numbers.reduce(0, +) / Double(max(numbers.count, 1))
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(numbers.count, 1))
        let deviation = variance.squareRoot()
        var rows: [Int: [Float]] = [:]
        for (position, state) in zip(positions, states) {
            var seeds = SplitMix64(seed: UInt64(bitPattern: Int64(seed)))
            var generator = SplitMix64(seed: seeds.next() ^ UInt64(position))
            rows[position] = state.map { _ in
                let radius = (-2 * log(1 - generator.uniform())).squareRoot()
                return Float(mean + deviation * radius * cos(2 * .pi * generator.uniform()))
            }
        }
        return rows
    }
}

extension SpanSelector {
    /// The positions, which must all be the prompt's: those of decode steps have no state that could be replaced
    /// beforehand.
    public func promptPositions(in layout: PromptLayout, parameter: String) throws(ProbeError) -> PositionSet {
        let set = try resolved(in: layout, parameter: parameter)
        guard !set.generated else {
            throw .unsupported(parameter, "generated tokens have no state to replace yet; name prompt positions")
        }
        return set
    }
}
