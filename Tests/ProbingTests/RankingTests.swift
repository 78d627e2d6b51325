import JSON
import Models
import Testing

@testable import Probing

/// Spans that mean other positions in each layer. Layer l of the ranking prefers image token l, then l + 1, and so on.
@Suite struct RankingTests {
    private static let layout = SampleLayout.layout
    private static let image = Array(6..<12) + Array(14..<18)
    private static let shape = ProbeShape(layers: 8, heads: 4, hiddenSize: 32)

    private static let ranking: AttentionRanking = {
        let layers = (0..<shape.layers).map { layer in
            let values = image.indices.map { Float((layer - $0 + image.count) % image.count) }
            return AttentionRow.Layer(maps: [values.map { Float(image.count) - $0 }], fractions: [:])
        }
        // The second row doubles every score and changes no order.
        return AttentionRanking(
            [AttentionRow(position: 22, layers: layers), AttentionRow(position: 21, layers: layers)],
            positions: image,
            layers: shape.layers
        )
    }()

    @Test func theHighestAreTakenAndOfEqualsTheEarlier() {
        #expect([3, 1, 3, 2].indicesOfHighest(1) == [0])
        #expect([3, 1, 3, 2].indicesOfHighest(2) == [0, 2])
        #expect([3, 1, 3, 2].indicesOfHighest(3) == [0, 2, 3])
        #expect([1, 1, 1].indicesOfHighest(2) == [0, 1])
        #expect([1, 2].indicesOfHighest(0) == [])
    }

    @Test func eachLayerGetsItsOwnSources() throws {
        let form: JSONValue = [
            "kind": "attention_knockout", "from": ["minus": ["image", ["top_attended": 0.25, "of": "image"]]],
            "to": "generated", "layers": ["from": 2],
        ]
        let edges = try resolved(form)
        #expect(edges.map(\.layers) == (2..<8).map { [$0] })
        for edit in edges {
            let kept = try #require(edit.layers.first.map { Self.ranking.top(2, of: Self.image, layer: $0) })
            #expect(edit.sources.promptPositions == Self.image.filter { !kept.contains($0) })
            #expect(edit.receivers.generated && edit.receivers.promptPositions.isEmpty)
        }
        #expect(Set(edges.map(\.sources.promptPositions)).count == edges.count)
    }

    @Test(
        arguments: [
            (["top_attended": 1, "of": "image"], 1), (["top_attended": 10], 10), (["top_attended": 0.5], 5),
            (["top_attended": 2, "of": ["box": [0, 0, 60, 20]]], 2),
            (["union": ["last", ["top_attended": 3, "of": "image:1"]]], 4),
            (["top_attended": 2, "of": ["top_attended": 4]], 2),
            (["random": 2, "of": ["top_attended": 4], "seed": 1], 2),
            (["intersect": ["image:0", ["top_attended": 10]]], 6),
        ] as [(JSONValue, Int)]
    )
    func formsCombine(span: JSONValue, count: Int) throws {
        let edges = try resolved(["kind": "attention_knockout", "from": span, "to": "last"])
        #expect(edges.count == Self.shape.layers)
        for edit in edges { #expect(edit.sources.promptPositions.count == count) }
        let read = try SpanSelector(ProbeField(span, path: "x"))
        #expect(try SpanSelector(ProbeField(read.json, path: "x")).json == read.json)
    }

    @Test func aSpanWithoutARankingIsTheSameInEveryLayer() throws {
        let edges = try resolved(["kind": "attention_knockout", "from": "image", "to": "last"])
        #expect(edges.map(\.layers) == [Array(0..<8)])
    }

    @Test(
        arguments: [
            (["top_attended": 0.01], "keeps 0 of 10"), (["top_attended": 11], "keeps 11 of 10"),
            (["top_attended": 1, "of": "question"], "position 18"),
            (["minus": ["image", ["top_attended": 1.0]]], "no position"),
            (["top_attended": 1, "of": ["image": 7, "rows": [0]]], "picture 7"),
        ] as [(JSONValue, String)]
    )
    func whatRanksNothingIsUnsupported(span: JSONValue, words: String) throws {
        let error = #expect(throws: ProbeError.self) {
            try resolved(["kind": "attention_knockout", "from": span, "to": "last"])
        }
        #expect(error?.kind == .unsupported && error?.parameter == "x.from")
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(arguments: [["top_attended": 0], ["top_attended": 1.5], ["top_attended": "many"]] as [JSONValue])
    func whatIsNoAmountIsInvalid(span: JSONValue) {
        let error = #expect(throws: ProbeError.self) { try SpanSelector(ProbeField(span, path: "x")) }
        #expect(error?.kind == .invalid && error?.parameter == "x.top_attended")
    }

    @Test func onlyWhatActsInALayerCanRank() throws {
        let error = #expect(throws: ProbeError.self) {
            try resolved(["kind": "token_ablation", "tokens": ["top_attended": 2], "replace": "zero"])
        }
        #expect(error?.kind == .unsupported && error?.message.contains("site") == true)
        let span = try SpanSelector(ProbeField(["top_attended": 2], path: "x"))
        let bare = #expect(throws: ProbeError.self) { try span.resolved(in: Self.layout, parameter: "lens.positions") }
        #expect(bare?.kind == .unsupported && bare?.parameter == "lens.positions")
    }

    private func resolved(_ form: JSONValue) throws -> [EdgeEdit] {
        let intervention = try Intervention(ProbeField(form, path: "x"))
        let ranked = try intervention.ranked(
            by: Self.ranking,
            layout: Self.layout,
            shape: Self.shape,
            parameter: "x"
        )
        return try ranked.compactMap {
            try EdgeEdit.resolve($0, layout: Self.layout, shape: Self.shape, parameter: "x")
        }
    }
}
