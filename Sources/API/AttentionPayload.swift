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
    private let sinks: SinkRecord?

    /// Rows that produced the answer's tokens are named by those; a span's rows by the tokens at their own positions.
    init(_ result: GenerationResult, request: AttentionRequest, capture: AttentionCapture, layout: PromptLayout) {
        self.capture = capture
        self.layout = layout
        sinks = result.sinks
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
        let rows = AttentionArrays(rows.map(\.row), capture, layout)
        var fields: [String: JSONValue] = [
            "rows": .array(self.rows.map { ["position": .integer($0.row.position), "token": .string($0.token)] }),
            "layers": .array(capture.layers.map { .integer($0) }),
            "heads": capture.separateHeads.map { .array($0.map { .integer($0) }) } ?? nil,
            "maps": try arrays.place(rows.maps, at: "attention.maps"),
            "fractions": .object(try rows.fractions.places(in: &arrays, at: "attention.fractions")),
        ]
        if capture.rollsOut { fields["rollout"] = true }
        if let sinks = try sinkPayload(rows, &arrays) { fields["sinks"] = sinks }
        return .object(fields)
    }

    /// The members of one row by itself: arrays as in `json`, without the axis of rows.
    static func single(
        _ row: AttentionRow,
        capture: AttentionCapture,
        layout: PromptLayout,
        _ arrays: inout ArrayAnswer
    ) throws -> [String: JSONValue] {
        let rows = AttentionArrays([row], capture, layout)
        let fractions = rows.fractions.mapValues(\.onlyElement)
        var fields: [String: JSONValue] = [
            "position": .integer(row.position),
            "layers": .array(capture.layers.map { .integer($0) }),
            "maps": try arrays.place(rows.maps.onlyElement, at: "attention.maps"),
            "fractions": .object(try fractions.places(in: &arrays, at: "attention.fractions")),
        ]
        if let heads = capture.separateHeads { fields["heads"] = .array(heads.map { .integer($0) }) }
        if capture.sinks != nil {
            fields["excluded_mass"] = try arrays.place(rows.excludedMass.onlyElement, at: "attention.excluded_mass")
        }
        return fields
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

    /// What the maps leave out, layer by layer.
    private func sinkPayload(_ rows: AttentionArrays, _ arrays: inout ArrayAnswer) throws -> JSONValue? {
        guard let threshold = capture.sinks?.threshold else { return nil }
        let found = capture.layers.map { sinks?.layers[$0] }
        func list(_ integers: [Int]?) -> JSONValue { .array((integers ?? []).map { .integer($0) }) }
        return [
            "tau": .number(threshold),
            "dimensions": .array(found.map { list($0?.dimensions) }),
            "positions": .array(found.map { list($0?.positions) }),
            "columns": .array(found.map { list(capture.columns(of: $0?.positions ?? [])) }),
            "mass": try arrays.place(rows.excludedMass, at: "attention.sinks.mass"),
        ]
    }
}
