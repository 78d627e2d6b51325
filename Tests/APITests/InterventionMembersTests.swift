import JSON
import Probing
import Testing

@testable import API

@Suite("What interventions read, what is known of them and what is described are one")
struct InterventionMembersTests {
    private static let examples: [String: JSONValue] = [
        "from": "image", "to": "last", "layers": [1], "heads": [0], "mode": "post_softmax", "factor": 0.5,
        "tokens": "image", "replace": "noise", "seed": 3, "positions": "last", "direction": ["word": "red"],
        "weight": 1, "only_positive": false, "source": ["array": [[1, 2]]], "source_positions": "last",
    ]

    /// An intervention with all its members; a knockout's preset would take the place of its edges.
    private static func whole(_ kind: String) throws -> [String: JSONValue] {
        var body: [String: JSONValue] = ["kind": .string(kind)]
        for member in try #require(OpenAPIInterventions.members[kind]) where member != "preset" {
            let site: JSONValue = kind == "activation_patch" ? "text.blocks.1.resid.post" : ["layer": 1]
            body[member] = try member == "site" ? site : #require(examples[member], "\(kind): \(member)")
        }
        return body
    }

    private static func warnings(_ body: [String: JSONValue]) -> [String] {
        KnownFields.intervention(named: false).warnings(.object(body))
    }

    @Test("every kind is described, and every member that one of them has is known")
    func sets() {
        let members = OpenAPIInterventions.members
        #expect(Set(members.keys) == Set(Intervention.kinds))
        let all = members.values.reduce(into: Set(["kind"])) { $0.formUnion($1) }
        #expect(Set(KnownFields.interventionMembers.keys) == all)
    }

    @Test("all members of a kind are taken together without a warning, others are not", arguments: Intervention.kinds)
    func known(kind: String) throws {
        let body = try Self.whole(kind)
        _ = try Intervention(ProbeField(.object(body), path: "x"))
        #expect(Self.warnings(body) == [])
        let others = Set(Self.examples.keys).subtracting(body.keys).subtracting(["site"])
        for member in others {
            var body = body
            body[member] = Self.examples[member]
            #expect(Self.warnings(body) == ["\(member) was ignored: the kind \"\(kind)\" does not read it"])
        }
    }

    @Test("each member is read: nonsense in its place is refused there", arguments: Intervention.kinds)
    func read(kind: String) throws {
        for member in try #require(OpenAPIInterventions.members[kind]) {
            var body = try Self.whole(kind)
            body[member] = ["nonsense": []]
            let field = ProbeField(.object(body), path: "x")
            let error = #expect(throws: ProbeError.self) { _ = try Intervention(field) }
            #expect(error?.parameter.hasPrefix("x.\(member)") == true, "\(member): \(error?.message ?? "none")")
        }
    }

    @Test("a preset reads its layers alone")
    func preset() throws {
        let body: [String: JSONValue] = ["kind": "attention_knockout", "preset": "img->gen", "layers": [1]]
        _ = try Intervention(ProbeField(.object(body), path: "x"))
        #expect(Self.warnings(body) == [])
    }

    @Test("more ignored fields than are named are counted, whichever they are")
    func many() {
        let knockouts = (0..<20).map { _ -> JSONValue in
            ["kind": "attention_knockout", "from": "image", "to": "last", "factor": 2, "zz": 1]
        }
        let told = KnownFields.intervention(named: false).warnings(.array(knockouts))
        #expect(told.count == 33)
        #expect(told.last == "8 more fields were ignored")
    }
}
