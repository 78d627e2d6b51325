public import Models
public import Tensors

/// What interventions are resolved against: one prompt, one model, and what had to be found out before.
public struct InterventionContext: Sendable {
    /// What is where in the prompt.
    public let layout: PromptLayout
    /// Vocabulary id of every position.
    public let ids: [Int]
    /// Projected embeddings of each picture, `[tokens, hidden]`.
    public let images: [Matrix]
    /// The model.
    public let model: VisionLanguageModel
    /// The token with which each word that interventions name would continue the prompt.
    public var words: [String: Int] = [:]
    /// States that interventions need, by their paths in the request; see `Intervention.need`.
    public var states: [String: [[Float]]] = [:]

    /// A prompt whose positions hold `ids` and whose pictures have `images` as embeddings.
    public init(layout: PromptLayout, ids: [Int], images: [Matrix], model: VisionLanguageModel) {
        self.layout = layout
        self.ids = ids
        self.images = images
        self.model = model
    }

    /// The decoder's inputs at some prompt positions. A prompt that continues a kept context has its pictures behind it.
    func embeddings(at positions: [Int], parameter: String) throws(ProbeError) -> [[Float]] {
        var rows: [[Float]] = []
        for position in positions {
            if let image = layout.images.firstIndex(where: { $0.positions.contains(position) }) {
                guard images.indices.contains(image) else {
                    throw .unsupported(parameter, "position \(position) belongs to a picture that is not read again")
                }
                rows.append(images[image].row(position - layout.images[image].positions.lowerBound))
            } else {
                let row = Matrix(rows: 1, columns: model.decoder.configuration.hiddenSize)
                model.decoder.embed([ids[position]], into: row)
                rows.append(row.row(0))
            }
        }
        return rows
    }
}

/// States that must be read before an intervention can be resolved.
public struct StateNeed: Sendable {
    /// The chat body whose run has them; `nil` for the prompt's own run without any intervention.
    public let source: ProbeField?
    /// Where they are.
    public let site: DecoderSite
    /// At which positions of that run's prompt.
    public let positions: SpanSelector
    /// The field that names these positions.
    public let parameter: String
    /// The field that names the site.
    public let siteParameter: String
}

extension Intervention {
    /// The states that `InterventionContext.states` must hold for this intervention, `nil` for none: a patch those of
    /// its source, and an ablation within the decoder those whose mean or spread the replacement has.
    public func need(parameter: String) -> StateNeed? {
        switch self {
        case .patch(let patch):
            guard case .run(let body) = patch.source else { return nil }
            return StateNeed(
                source: body,
                site: patch.site,
                positions: patch.sourcePositions,
                parameter: "\(parameter).source_positions",
                siteParameter: "\(parameter).site"
            )
        case .tokenAblation(let tokens, let replacement, let layer?):
            let positions: SpanSelector
            switch replacement {
            case .imageMean: positions = .named("image")
            case .noise: positions = tokens
            case .mean, .zero: return nil
            }
            return StateNeed(
                source: nil,
                site: .block(layer, .residualPre),
                positions: positions,
                parameter: "\(parameter).tokens",
                siteParameter: "\(parameter).site.layer"
            )
        default: return nil
        }
    }

    /// The word whose token `InterventionContext.words` must hold.
    public var word: String? {
        if case .projectAway(_, .word(let word), _, _, _) = self { word } else { nil }
    }
}
