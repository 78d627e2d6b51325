public import Models
import Tensors

/// A resolved request for attention: which rows and layers to record and how to reduce them.
public struct AttentionCapture: Sendable {
    /// Layers, ascending.
    public let layers: [Int]
    /// The heads handed out one by one; `nil` when they are reduced to one.
    public let separateHeads: [Int]?
    /// Numbers that are recorded at most.
    public private(set) var numberCount = 0
    /// Numbers that are kept at most while the run goes on, to roll attention out.
    public private(set) var rolloutCount = 0
    /// Whether attention is rolled out; `separateHeads` is then `nil`.
    public let rollsOut: Bool
    /// Which image tokens are left out as sinks; `nil` for none.
    public let sinks: SinkCapture?
    private let rows: PositionSet
    private let takesMaximum: Bool
    private let columns: AttentionRequest.Columns
    private let imagePositions: [Int]
    private let normalizesImage: Bool
    private let promptKinds: [UInt8]
    private let wanted: [Bool]

    /// Numbers that one request may record.
    public static let limit = 1 << 26
    /// Numbers that one request may keep to roll attention out: 1 GiB.
    public static let rolloutLimit = 1 << 28

    /// Resolves a request against a prompt and a model; `maxTokens` bounds the rows that decoding adds. A request for
    /// more than `limit` numbers is an error that gives both.
    public init(
        _ request: AttentionRequest,
        layout: PromptLayout,
        shape: ProbeShape,
        maxTokens: Int
    ) throws(ProbeError) {
        layers = try request.layers.resolved(count: shape.layers, parameter: "attention.layers")
        imagePositions = layout.positions(named: "image") ?? []
        if request.columns == .image, imagePositions.isEmpty {
            throw .unsupported(
                "attention.columns",
                "\"image\" selects nothing: the prompt has no picture; ask for \"all\""
            )
        }
        if request.normalizesImage, imagePositions.isEmpty {
            throw .unsupported("attention.normalize", "\"image\" has no columns to scale by: the prompt has no picture")
        }
        if let span = request.rows {
            rows = try span.resolved(in: layout, parameter: "attention.rows")
        } else {
            rows = PositionSet(length: layout.length, positions: [layout.length - 1], generated: true)
        }
        separateHeads = try request.heads.separate(count: shape.heads)
        takesMaximum = request.heads == .max
        columns = request.columns
        normalizesImage = request.normalizesImage
        wanted = (0..<shape.layers).map(layers.contains)
        promptKinds = layout.kinds.map(\.index)
        rollsOut = request.rollsOut
        sinks = try request.sinks.map { [layers] sinks throws(ProbeError) in
            try SinkCapture(sinks, layers: layers, layout: layout, shape: shape)
        }
        try checkSize(maxTokens: maxTokens)
        try checkRollout(maxTokens: maxTokens)
    }

    /// The first position that a run must compute by itself, given that generated ones follow the prompt; `nil` for
    /// none: the first row to record, or one before it that says what the row is made of.
    public var firstPosition: Int? {
        guard let first = rows.first else { return nil }
        return rollsOut ? 0 : min(first, sinks?.firstPosition ?? first)
    }

    /// The first layer that a run must compute by itself.
    public var firstLayer: Int? { rollsOut ? 0 : layers.first }

    /// Whether the row at `position` of `layer` is to be recorded.
    public func wants(layer: Int, position: Int) -> Bool {
        wanted[layer] && rows.contains(position)
    }

    /// Whether the attention of the row at `position` is needed, to be recorded or rolled out.
    func wantsPattern(layer: Int, position: Int) -> Bool {
        rollsOut ? layer <= layers[layers.count - 1] : wants(layer: layer, position: position)
    }

    /// What rolls attention out, if it is.
    var rollout: AttentionRollout? { rollsOut ? layers.last.map(AttentionRollout.init) : nil }

    /// Reduces one row `[heads][keys]` to what was asked for.
    ///
    /// - Parameters:
    ///   - rolledOut: the row that takes the place of the mean over heads, `[keys]`.
    ///   - excluded: positions whose columns are left out of the maps.
    func reduce(_ pattern: AttentionPattern, rolledOut: [Float]?, excluding excluded: [Int]) -> AttentionRow.Layer {
        let mean = rolledOut ?? pattern.mean(of: separateHeads)
        let maps = pattern.maps(heads: separateHeads, takesMaximum: takesMaximum, mean: mean).map {
            select($0, excluding: excluded)
        }
        let mass = excluded.reduce(0.0) { $0 + ($1 < mean.count ? Double(mean[$1]) : 0) }
        return AttentionRow.Layer(maps: maps, fractions: fractions(mean), excludedMass: Float(mass))
    }

    /// The places of image positions among the columns of a map.
    public func columns(of positions: [Int]) -> [Int] {
        guard columns == .image else { return positions }
        let places = Dictionary(zip(imagePositions, imagePositions.indices)) { first, _ in first }
        return positions.compactMap { places[$0] }
    }

    // MARK: - Private

    private mutating func checkSize(maxTokens: Int) throws(ProbeError) {
        let rowCount = rows.promptPositions.count + (rows.generated ? maxTokens : 0)
        let columnCount = columns == .image ? imagePositions.count : promptKinds.count + maxTokens
        let perRow = layers.count * (separateHeads?.count ?? 1) * columnCount
        numberCount = try Self.numbers(
            rows: rowCount,
            of: perRow,
            remedy: "take fewer rows, layers, heads or columns, or a lower max_tokens"
        )
    }

    /// Numbers of `rows` rows; more than `limit` are an error that gives both and says what to do.
    static func numbers(rows: Int, of perRow: Int, remedy: String) throws(ProbeError) -> Int {
        guard rows <= limit / max(perRow, 1) else {
            let asked = "asks for up to \(rows) rows of \(perRow) numbers"
            throw .unsupported("attention", "\(asked); at most \(limit) numbers are recorded: \(remedy)")
        }
        return rows * perRow
    }

    private mutating func checkRollout(maxTokens: Int) throws(ProbeError) {
        guard rollsOut, let last = layers.last else { return }
        rolloutCount = AttentionRollout.numberCount(last: last, positions: promptKinds.count + maxTokens)
        guard rolloutCount <= Self.rolloutLimit else {
            throw .unsupported(
                "attention.rollout",
                "keeps up to \(rolloutCount) numbers for \(promptKinds.count + maxTokens) positions; at most "
                    + "\(Self.rolloutLimit) are kept: send a lower max_tokens or take no late layers"
            )
        }
    }

    private func select(_ row: [Float], excluding excluded: [Int]) -> [Float] {
        var row = row
        for position in excluded where position < row.count { row[position] = 0 }
        guard columns == .image || normalizesImage else { return row }
        let image = imagePositions.map { $0 < row.count ? row[$0] : 0 }
        let values = columns == .image ? image : row
        return normalizesImage ? values.scaled(toOneOver: image) : values
    }

    private func fractions(_ mean: [Float]) -> [PositionKind: Float] {
        var sums = [Double](repeating: 0, count: PositionKind.allCases.count)
        for (position, mass) in mean.enumerated() {
            let kind = position < promptKinds.count ? promptKinds[position] : PositionKind.generated.index
            sums[Int(kind)] += Double(mass)
        }
        return Dictionary(uniqueKeysWithValues: zip(PositionKind.allCases, sums.map { Float($0) }))
    }
}

/// One recorded row of attention.
public struct AttentionRow: Sendable {
    /// What one layer handed out.
    public struct Layer: Sendable {
        /// `[heads or 1][columns]`.
        public let maps: [[Float]]
        /// Mass by kind of position, mean over the heads handed out one by one, or over all where they are reduced; sums
        /// to 1 unless a knockout took edges away after the softmax.
        public let fractions: [PositionKind: Float]
        /// Likewise the mass on the sinks that the maps leave out; the fractions count it.
        public internal(set) var excludedMass: Float = 0
    }

    /// The query position.
    public let position: Int
    /// Layers in the order of the capture's.
    public internal(set) var layers: [Layer]
}

extension PositionKind {
    /// Its place among all kinds.
    fileprivate var index: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }
}
