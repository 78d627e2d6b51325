import Imaging
public import Models
import Tensors

/// A resolved request for the vision tower's attention: which rows of which pictures, and how they are reduced.
public struct VisionAttentionPlan: Sendable {
    /// A token of the tower that looks at the others.
    public struct Row: Sendable, Equatable {
        /// The picture, by its place in the prompt.
        public let picture: Int
        /// The token, as the tower counts.
        public let token: Int
        /// The patch that it stands for, as the layout's boxes count; `nil` for the class token.
        public let patch: Int?
        /// The prompt's position that is made from it; `nil` if there is none.
        public let position: Int?
    }

    /// The rows, picture by picture in the order of tokens.
    public let rows: [Row]
    /// Layers, ascending.
    public let layers: [Int]
    /// The heads handed out one by one; `nil` when they are reduced to one.
    public let separateHeads: [Int]?
    /// Numbers that are recorded.
    public let numberCount: Int
    private let takesMaximum: Bool
    private let columns: AttentionRequest.Columns
    private let normalizesImage: Bool
    /// Tokens before the first patch, by picture.
    private let classTokens: [Int]

    /// Resolves a request against a prompt's layout and the tower's shape. More than `AttentionCapture.limit` numbers are
    /// an error that gives both.
    public init(_ request: VisionAttentionRequest, layout: PromptLayout, shape: VisionShape) throws(ProbeError) {
        guard !layout.images.isEmpty else { throw .unsupported("attention.tower", "\"vision\" needs a picture") }
        layers = try request.layers.resolved(count: shape.layers, parameter: "attention.layers")
        separateHeads = try request.heads.separate(count: shape.heads)
        takesMaximum = request.heads == .max
        columns = request.columns
        normalizesImage = request.normalizesImage
        classTokens = layout.images.map { shape.tokens - $0.geometry.patchCount }
        for (index, image) in layout.images.enumerated() {
            guard image.geometry.tiles.count == 1, classTokens[index] >= 0 else {
                throw .unsupported(
                    "attention.tower",
                    "picture \(index) is cut into tiles; \"vision\" needs it in one piece"
                )
            }
        }
        let all = zip(layout.images, classTokens).enumerated().flatMap { picture, placed in
            Self.tokens(of: placed.0, picture: picture, count: shape.tokens, classTokens: placed.1)
        }
        rows = try Self.select(request.rows, from: all, layout: layout)
        let columnCount = columns == .all ? shape.tokens : shape.tokens - (classTokens.min() ?? 0)
        let perRow = layers.count * (separateHeads?.count ?? 1) * columnCount
        numberCount = try AttentionCapture.numbers(
            rows: rows.count,
            of: perRow,
            remedy: "take fewer rows, layers or heads"
        )
    }

    /// The pictures that have rows, ascending.
    public var pictures: [Int] { Set(rows.map(\.picture)).sorted() }

    /// Reduces one row `[heads][tokens]` of a picture to what was asked for.
    func reduce(_ pattern: AttentionPattern, picture: Int) -> VisionAttentionRow.Layer {
        let mean = pattern.mean(of: separateHeads)
        let first = classTokens[picture]
        let maps = pattern.maps(heads: separateHeads, takesMaximum: takesMaximum, mean: mean).map { map in
            let values = columns == .all ? map : Array(map[first...])
            return normalizesImage ? values.scaled(toOneOver: map[first...]) : values
        }
        return VisionAttentionRow.Layer(
            maps: maps,
            classMass: Float(mean[..<first].reduce(0.0) { $0 + Double($1) }),
            patchMass: Float(mean[first...].reduce(0.0) { $0 + Double($1) })
        )
    }

    // MARK: - Private

    /// The tower's tokens of one picture: class tokens, then patches. The decoder may be given all or the patches alone.
    private static func tokens(of image: ImagePlacement, picture: Int, count: Int, classTokens: Int) -> [Row] {
        (0..<count).map { token in
            let patch = token - classTokens
            let position = image.patchPositions.lowerBound + patch
            return Row(
                picture: picture,
                token: token,
                patch: patch >= 0 ? patch : nil,
                position: image.positions.contains(position) ? position : nil
            )
        }
    }

    private static func select(
        _ request: VisionAttentionRequest.Rows,
        from all: [Row],
        layout: PromptLayout
    ) throws(ProbeError) -> [Row] {
        switch request {
        case .patches: return all.filter { $0.patch != nil }
        case .classToken:
            let rows = all.filter { $0.patch == nil }
            guard !rows.isEmpty else { throw .unsupported("attention.rows", "the vision tower has no class token") }
            return rows
        case .span(let span):
            let set = try span.resolved(in: layout, parameter: "attention.rows")
            let known = Set(all.compactMap(\.position))
            let other = set.promptPositions.first { !known.contains($0) } ?? (set.generated ? layout.length : nil)
            guard other == nil else {
                throw .unsupported(
                    "attention.rows",
                    "position \(other ?? 0) is no image token; rows of the vision tower are \"patches\", \"class\" or a "
                        + "span of image tokens"
                )
            }
            return all.filter { $0.position.map(set.contains) ?? false }
        }
    }
}

/// One recorded row of the vision tower's attention.
public struct VisionAttentionRow: Sendable {
    /// What one layer handed out.
    public struct Layer: Sendable {
        /// `[heads or 1][columns]`.
        public let maps: [[Float]]
        /// Mass on the class token, mean over the heads handed out one by one, or over all where they are reduced.
        public let classMass: Float
        /// Likewise the mass on patches; both sum to 1.
        public let patchMass: Float
    }

    /// Whose row it is.
    public let row: VisionAttentionPlan.Row
    /// Layers in the order of the plan's.
    public internal(set) var layers: [Layer] = []
}
