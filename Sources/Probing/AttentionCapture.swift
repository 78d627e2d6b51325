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
    private let rows: PositionSet
    private let takesMaximum: Bool
    private let columns: AttentionRequest.Columns
    private let imagePositions: [Int]
    private let normalizesImage: Bool
    private let promptKinds: [UInt8]
    private let wanted: [Bool]

    /// Numbers that one request may record.
    public static let limit = 1 << 26

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
        if let span = request.rows {
            rows = try span.resolved(in: layout, parameter: "attention.rows")
        } else {
            rows = PositionSet(length: layout.length, positions: [layout.length - 1], generated: true)
        }
        if case .each(let heads) = request.heads {
            separateHeads = try heads.resolved(count: shape.heads, parameter: "attention.heads")
        } else {
            separateHeads = nil
        }
        takesMaximum = request.heads == .max
        columns = request.columns
        normalizesImage = request.normalizesImage
        wanted = (0..<shape.layers).map(layers.contains)
        promptKinds = layout.kinds.map(\.index)
        try checkSize(maxTokens: maxTokens)
    }

    private mutating func checkSize(maxTokens: Int) throws(ProbeError) {
        let rowCount = rows.promptPositions.count + (rows.generated ? maxTokens : 0)
        let columnCount = columns == .image ? imagePositions.count : promptKinds.count + maxTokens
        let perRow = layers.count * (separateHeads?.count ?? 1) * columnCount
        guard rowCount <= Self.limit / max(perRow, 1) else {
            throw .unsupported(
                "attention",
                "asks for up to \(rowCount) rows of \(perRow) numbers; at most \(Self.limit) numbers are recorded: take "
                    + "fewer rows, layers, heads or columns, or a lower max_tokens"
            )
        }
        numberCount = rowCount * perRow
    }

    /// The first row to record, given that generated ones follow the prompt; `nil` for none.
    public var firstPosition: Int? { rows.first }

    /// Whether the row at `position` of `layer` is to be recorded.
    public func wants(layer: Int, position: Int) -> Bool {
        wanted[layer] && rows.contains(position)
    }

    /// Reduces one row `[heads][keys]` to what was asked for.
    func reduce(_ pattern: AttentionPattern) -> AttentionRow.Layer {
        let mean = pattern.mean()
        let maps: [[Float]] =
            if let separateHeads {
                separateHeads.map { select(pattern.head($0)) }
            } else {
                [select(takesMaximum ? pattern.maximum() : mean)]
            }
        return AttentionRow.Layer(maps: maps, fractions: fractions(mean))
    }

    // MARK: - Private

    private func select(_ row: [Float]) -> [Float] {
        var values = row
        if columns == .image {
            values = imagePositions.map { $0 < row.count ? row[$0] : 0 }
        }
        if normalizesImage {
            let sum = values.reduce(0, +)
            if sum > 0 { values = values.map { $0 / sum } }
        }
        return values
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
        /// Head-mean mass by kind of position; sums to 1 unless a knockout took edges away after the softmax.
        public let fractions: [PositionKind: Float]
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
