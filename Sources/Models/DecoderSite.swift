/// A named place in the decoder whose values a probe may read and change, one row for each position.
public enum DecoderSite: Hashable, Sendable {
    /// `text.embed`: what enters block 0, words and pictures alike, `[hidden]`.
    case embedding
    /// `text.blocks.k.…`: a place in block k.
    case block(Int, BlockSite)
    /// `text.final.norm`: the last residual state after the final norm, `[hidden]`.
    case finalNorm

    /// Every site of a decoder with `layers` blocks, in the order of computation.
    public static func all(layers: Int) -> [DecoderSite] {
        let blocks = (0..<layers).flatMap { layer in BlockSite.allCases.map { DecoderSite.block(layer, $0) } }
        return [.embedding] + blocks + [.finalNorm]
    }

    /// The public name, such as `text.blocks.11.resid.post`.
    public var name: String {
        switch self {
        case .embedding: "text.embed"
        case .block(let layer, let site): "text.blocks.\(layer).\(site.rawValue)"
        case .finalNorm: "text.final.norm"
        }
    }

    /// The site of a public name; `nil` for a name that is none. The layer may be more than a model has.
    public init?(name: String) {
        switch name {
        case "text.embed": self = .embedding
        case "text.final.norm": self = .finalNorm
        default:
            let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[0] == "text", parts[1] == "blocks", let layer = Int(parts[2]), layer >= 0,
                String(layer) == parts[2], let site = BlockSite(rawValue: String(parts[3]))
            else { return nil }
            self = .block(layer, site)
        }
    }

    /// The block it belongs to; `nil` for those before and behind all blocks.
    public var layer: Int? {
        if case .block(let layer, _) = self { layer } else { nil }
    }

    /// Sizes of one row; `nil` for attention patterns, whose rows grow with the position.
    public func shape(_ configuration: DecoderConfiguration) -> [Int]? {
        guard case .block(_, let site) = self else { return [configuration.hiddenSize] }
        return site.shape(configuration)
    }
}

/// A place within a block. The names are those that users of TransformerLens know, written with dots.
public enum BlockSite: String, CaseIterable, Sendable {
    /// The residual stream as it enters the block.
    case residualPre = "resid.pre"
    /// Queries before rotation, `[heads, headDim]`.
    case query = "attn.q"
    /// Keys before rotation, `[kvHeads, headDim]`.
    case key = "attn.k"
    /// Values, `[kvHeads, headDim]`.
    case value = "attn.v"
    /// Queries after rotation.
    case rotatedQuery = "attn.rot_q"
    /// Keys after rotation, as they are cached.
    case rotatedKey = "attn.rot_k"
    /// Attention of every query head after all edits, `[heads, keys]`.
    case pattern = "attn.pattern"
    /// Each query head's mix of values, before the output projection, `[heads, headDim]`.
    case context = "attn.z"
    /// What attention adds to the residual stream, `[hidden]`.
    case attentionOutput = "attn.out"
    /// The residual stream between attention and MLP.
    case residualMid = "resid.mid"
    /// The gate before its activation, `[intermediate]`.
    case gate = "mlp.pre"
    /// What the gate multiplies, `[intermediate]`.
    case up = "mlp.pre_linear"
    /// Their product, the neurons, `[intermediate]`.
    case neurons = "mlp.post"
    /// What the MLP adds to the residual stream, `[hidden]`.
    case mlpOutput = "mlp.out"
    /// The residual stream as it leaves the block.
    case residualPost = "resid.post"

    /// Sizes of one row; `nil` for attention patterns.
    public func shape(_ configuration: DecoderConfiguration) -> [Int]? {
        switch self {
        case .residualPre, .residualMid, .residualPost, .attentionOutput, .mlpOutput: [configuration.hiddenSize]
        case .query, .rotatedQuery, .context: [configuration.heads, configuration.headDim]
        case .key, .value, .rotatedKey: [configuration.keyValueHeads, configuration.headDim]
        case .gate, .up, .neurons: [configuration.intermediateSize]
        case .pattern: nil
        }
    }
}
