import JSON
import Models
import Probing
import Testing

@Suite struct InterventionTests {
    private let shape = ProbeShape(layers: 8, heads: 4, hiddenSize: 32)
    private let layout = SampleLayout.layout

    @Test(
        arguments: [
            ("img->gen", [], true), ("img->txt", [12, 13, 18, 19, 20, 21], false),
            ("img->txt+gen", [12, 13, 18, 19, 20, 21], true),
        ] as [(String, [Int], Bool)]
    )
    func presetsAreTheirDefinedRows(name: String, receivers: [Int], generated: Bool) throws {
        for form in [.string(name), ["kind": "attention_knockout", "preset": .string(name)]] as [JSONValue] {
            let knockout = try resolve(form)
            #expect(knockout.receivers.promptPositions == receivers)
            #expect(knockout.receivers.generated == generated)
            #expect(knockout.sources.promptPositions == Array(6..<12) + Array(14..<18))
            #expect(!knockout.sources.generated)
            #expect(knockout.layers == Array(0..<8))
            #expect(knockout.heads == [0, 1, 2, 3])
            #expect(knockout.mode == .preSoftmax)
        }
    }

    @Test func everyMemberOfAKnockoutIsRead() throws {
        let knockout = try resolve([
            "kind": "attention_knockout", "from": "bos", "to": "generated", "layers": ["from": 6], "heads": [2, 0, 2],
            "mode": "post_softmax",
        ])
        #expect(knockout.layers == [6, 7])
        #expect(knockout.heads == [0, 2])
        #expect(knockout.mode == .postSoftmax)
        #expect(knockout.sources == PositionSet(length: 22, positions: [0]))
        #expect(knockout.receivers == PositionSet(length: 22, generated: true))
    }

    @Test func aLimitedInterventionKeepsAllButItsLayers() throws {
        let intervention = try Intervention(ProbeField("img->gen", path: "")).limited(to: .from(5))
        #expect(intervention.name == "img->gen")
        #expect(intervention.layers == .from(5))
    }

    @Test(
        arguments: [
            (4, "x", "must be an intervention"), ("img->img", "x", "img->txt+gen"),
            (["from": "bos"], "x.kind", "is missing"),
            (["kind": 3], "x.kind", "string"), (["kind": "telepathy"], "x.kind", "telepathy"),
            (["kind": "attention_knockout", "from": "bos"], "x.to", "is missing"),
            (["kind": "attention_knockout", "to": "bos"], "x.from", "is missing"),
            (["kind": "attention_knockout", "preset": "img"], "x.preset", "img->gen"),
            (["kind": "attention_knockout", "from": "bos", "to": "last", "mode": "soft"], "x.mode", "pre_softmax"),
            (["kind": "attention_knockout", "from": "bos", "to": "last", "heads": "some"], "x.heads", "array"),
            (["kind": "attention_knockout", "from": "bos", "to": "last", "layers": "some"], "x.layers", "early"),
            (["kind": "attention_knockout", "from": ["range": 1], "to": "last"], "x.from.range", "array"),
        ] as [(JSONValue, String, String)]
    )
    func whatIsNoInterventionIsInvalidAtItsPath(form: JSONValue, parameter: String, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try Intervention(ProbeField(form, path: "x")) }
        #expect(error?.kind == .invalid)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            (["kind": "attention_knockout", "from": "bos", "to": "last", "heads": [4]], "x.heads", "head 4"),
            (["kind": "attention_knockout", "from": "bos", "to": "last", "heads": [-1]], "x.heads", "head -1"),
            (["kind": "attention_knockout", "from": "bos", "to": "last", "heads": []], "x.heads", "no head"),
            (["kind": "attention_knockout", "from": "bos", "to": "last", "layers": [8]], "x.layers", "layer 8"),
            (["kind": "attention_knockout", "from": "image:7", "to": "last"], "x.from", "image:7"),
            (["kind": "attention_knockout", "from": "bos", "to": [99]], "x.to", "99"),
            (["kind": "attention_scale", "from": "bos", "to": "last", "factor": 2, "heads": [4]], "x.heads", "head 4"),
        ] as [(JSONValue, String, String)]
    )
    func whatAModelCannotDoIsUnsupportedAtItsPath(form: JSONValue, parameter: String, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try resolve(form) }
        #expect(error?.kind == .unsupported)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test func listsNameTheElementAtFault() throws {
        let field = ProbeField(["img->gen", "img->nowhere"], path: "interventions")
        let error = #expect(throws: ProbeError.self) { try Intervention.list(field) }
        #expect(error?.parameter == "interventions[1]")
    }

    private func resolve(_ form: JSONValue) throws -> EdgeEdit {
        try #require(
            try EdgeEdit.resolve(
                Intervention(ProbeField(form, path: "x")),
                layout: layout,
                shape: shape,
                parameter: "x"
            )
        )
    }
}
