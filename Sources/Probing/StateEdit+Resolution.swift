import Models
import Tensors

extension StateEdit {
    /// Resolves a change of states against a prompt and a model, none for other interventions; `parameter` is its path
    /// in the request.
    public static func resolve(
        _ intervention: Intervention,
        in context: InterventionContext,
        parameter: String
    ) throws(ProbeError) -> [StateEdit] {
        let configuration = context.model.decoder.configuration
        switch intervention {
        case .preset, .knockout, .scale: return []
        case .tokenAblation(let tokens, let replacement, let layer):
            return [try TokenAblation(context, parameter).edit(tokens, replacement, layer: layer)]
        case .headAblation(let layers, let heads, let span):
            let positions = try span.map { span throws(ProbeError) in
                try span.resolved(in: context.layout, parameter: "\(parameter).positions")
            }
            let columns = try heads.resolved(count: configuration.heads, parameter: "\(parameter).heads").map {
                $0 * configuration.headDim..<($0 + 1) * configuration.headDim
            }
            let length = context.layout.length
            let everywhere = PositionSet(length: length, positions: 0..<length, generated: true)
            return try layers.resolved(count: configuration.layers, parameter: "\(parameter).layers").map { layer in
                let site = DecoderSite.block(layer, .context)
                return StateEdit(site: site, positions: positions ?? everywhere, change: .zero(columns))
            }
        case .projectAway(let tokens, let direction, let layers, let weight, let onlyPositive):
            let positions = try tokens.resolved(in: context.layout, parameter: "\(parameter).tokens")
            let unit = try direction.unit(in: context, parameter: "\(parameter).direction")
            let change = Change.project(unit: unit, weight: weight, onlyPositive: onlyPositive)
            return try layers.resolved(count: configuration.layers, parameter: "\(parameter).layers").map { layer in
                StateEdit(site: .block(layer, .residualPre), positions: positions, change: change)
            }
        case .patch(let patch):
            return [try patch.edit(in: context, parameter: parameter)]
        }
    }
}

extension ActivationPatch {
    fileprivate func edit(in context: InterventionContext, parameter: String) throws(ProbeError) -> StateEdit {
        let configuration = context.model.decoder.configuration
        try site.check(layers: configuration.layers, parameter: "\(parameter).site")
        let set = try positions.promptPositions(in: context.layout, parameter: "\(parameter).positions")
        let width = site.shape(configuration)?.reduce(1, *) ?? 0
        let rows: [[Float]]
        switch source {
        case .run: rows = context.states[parameter] ?? []
        case .array(let block):
            guard block.values.count % width == 0,
                block.shape.last == width || block.shape.suffix(2).reduce(1, *) == width
            else {
                throw .unsupported(
                    "\(parameter).source.array",
                    "has the shape \(block.shape); a row of \"\(site.name)\" holds \(width) numbers"
                )
            }
            rows = stride(from: 0, to: block.values.count, by: width).map { Array(block.values[$0..<$0 + width]) }
        }
        let targets = set.promptPositions
        guard rows.count == 1 || rows.count == targets.count else {
            throw .unsupported(
                "\(parameter).positions",
                "selects \(targets.count) positions; the source has \(rows.count) rows, which must be as many or one"
            )
        }
        let change: StateEdit.Change =
            rows.count == 1
            ? .fill(rows[0]) : .rows(Dictionary(zip(targets, rows)) { first, _ in first })
        return StateEdit(site: site, positions: set, change: change)
    }
}

extension ProjectionDirection {
    /// The direction's unit vector, `[hidden]`.
    fileprivate func unit(in context: InterventionContext, parameter: String) throws(ProbeError) -> [Float] {
        let decoder = context.model.decoder
        let vector: [Float]
        switch self {
        case .word(let word):
            guard let id = context.words[word] else { throw .invalid("\(parameter).word", "\"\(word)\" has no token") }
            vector = decoder.readingDirection(of: id)
        case .token(let id):
            let count = decoder.configuration.vocabularySize
            guard (0..<count).contains(id) else {
                throw .unsupported("\(parameter).token", "is \(id); the model has tokens 0…\(count - 1)")
            }
            vector = decoder.readingDirection(of: id)
        case .vector(let block):
            let width = decoder.configuration.hiddenSize
            guard block.values.count == width else {
                throw .unsupported(
                    "\(parameter).vector",
                    "holds \(block.values.count) numbers; the residual stream has \(width)"
                )
            }
            vector = block.values
        }
        let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard norm > 0 else { throw .unsupported(parameter, "is zero and has no direction") }
        return vector.map { Float(Double($0) / norm) }
    }
}
