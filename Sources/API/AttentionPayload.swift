import Generation
import JSON
import Models
import Probing

/// The `attention` member of an answer: maps and fractions of the recorded rows.
struct AttentionPayload {
    let capture: AttentionCapture
    let layout: PromptLayout
    /// Recorded rows in position order, each with the text it is named by.
    let rows: [(row: AttentionRow, token: String)]

    /// Rows that produced the answer's tokens are named by those; a span's rows by the tokens at their own positions.
    init(_ result: GenerationResult, request: AttentionRequest, capture: AttentionCapture, layout: PromptLayout) {
        self.capture = capture
        self.layout = layout
        let producesTokens = request.rows == nil
        let own = Dictionary(layout.tokens.map { ($0.position, $0.text) }) { first, _ in first }
        rows = result.attention.values.sorted { $0.position < $1.position }.compactMap { row in
            let index = row.position - layout.length + (producesTokens ? 1 : 0)
            if result.tokens.indices.contains(index) { return (row, result.tokens[index].text) }
            guard !producesTokens, row.position < layout.length else { return nil }
            return (row, own[row.position] ?? "<image>")
        }
    }

    func json(_ arrays: inout ArrayAnswer) throws -> JSONValue {
        [
            "rows": .array(rows.map { ["position": .integer($0.row.position), "token": .string($0.token)] }),
            "layers": .array(capture.layers.map { .integer($0) }),
            "heads": capture.separateHeads.map { .array($0.map { .integer($0) }) } ?? nil,
            "maps": try arrays.place(maps, at: "attention.maps"),
            "fractions": .object(try fractions(&arrays)),
        ]
    }

    /// One value for each patch of a picture: the mean over the drawn rows, layers and heads.
    func values(_ render: RenderRequest, of picture: ImagePlacement) throws(ProbeError) -> [Float] {
        let layers = try render.layers(of: capture.layers)
        let rows = try render.rows(of: rows.count).map { self.rows[$0].row }
        let maps = rows.flatMap { row in layers.flatMap { row.layers[$0].maps } }
        let image = layout.positions(named: "image") ?? []
        let columns = image.indices.filter { picture.patchPositions.contains(image[$0]) }
        return columns.map { column in maps.reduce(0) { $0 + $1[column] } / Float(maps.count) }
    }

    // MARK: - Private

    /// `[rows][layers](heads)[columns]`; rows that see fewer columns than the longest end in zeros.
    private var maps: NumberArray {
        let columns = rows.flatMap { $0.row.layers }.flatMap(\.maps).map(\.count).max() ?? 0
        var shape = [rows.count, capture.layers.count, columns]
        if let heads = capture.separateHeads { shape.insert(heads.count, at: 2) }
        var values: [Float] = []
        values.reserveCapacity(shape.reduce(1, *))
        for map in rows.flatMap({ $0.row.layers }).flatMap(\.maps) {
            values += map
            values += Array(repeating: 0, count: columns - map.count)
        }
        return NumberArray(shape: shape, values: values)
    }

    private func fractions(_ arrays: inout ArrayAnswer) throws -> [String: JSONValue] {
        let always: [PositionKind] = [.image, .bos, .system, .question, .template, .generated]
        let kinds = always + [.history, .prefix].filter(layout.kinds.contains)
        var result: [String: JSONValue] = [:]
        for kind in kinds {
            let values = rows.flatMap { $0.row.layers }.map { $0.fractions[kind] ?? 0 }
            let array = NumberArray(shape: [rows.count, capture.layers.count], values: values)
            result[kind.rawValue] = try arrays.place(array, at: "attention.fractions.\(kind.rawValue)")
        }
        return result
    }
}
