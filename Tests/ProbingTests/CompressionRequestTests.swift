import JSON
import Probing
import Testing

@Suite struct CompressionRequestTests {
    @Test func aShareHasADecimalPointAndACountHasNone() throws {
        #expect(try request(["keep": .number(1)]).count(of: 576) == 576)
        #expect(try request(["keep": 1]).count(of: 576) == 1)
        #expect(try request(["keep": 0.05]).count(of: 576) == 28)
        #expect(try request(["keep": 0.29]).count(of: 100) == 28)
        #expect(try request([:]).count(of: 100) == 5)
        #expect(try request(["strategy": "q", "keep": 900]).count(of: 100) == 0)
    }

    @Test func aPercentageIsAShareWithoutAPoint() throws {
        #expect(try request(["keep": "100%"]).count(of: 576) == 576)
        #expect(try request(["keep": "5%"]).keep == request(["keep": 0.05]).keep)
        #expect(try request(["keep": "2.5%"]).count(of: 1000) == 25)
    }

    @Test(arguments: ["0%", "101%", "-5%", "5", "%", "nan%", "1e1%", "5 %", "0x1p3%", "5%%", "..%"])
    func whatIsNoPercentageIsInvalid(text: String) throws {
        let error = #expect(throws: ProbeError.self) { try request(["keep": .string(text)]) }
        #expect(error?.kind == .invalid && error?.parameter == "compress.keep")
    }

    @Test func everyMemberIsRead() throws {
        let request = try request(["keep": 7, "select": "norm", "strategy": "s", "seed": 9])
        #expect(request.keep == .count(7) && request.select == .norm)
        #expect(request.strategy == .image && request.seed == 9)
        #expect(try CompressionRequest(nil).select == .generated)
    }

    @Test(
        arguments: [
            (1, "compress", "object"), (["keep": 0], "compress.keep", "at least 1"),
            (["keep": -3], "compress.keep", "at least 1"), (["keep": 1.5], "compress.keep", "at most 1"),
            (["keep": "all"], "compress.keep", "number"), (["select": "best"], "compress.select", "question"),
            (["strategy": "sq"], "compress.strategy", "qs, q, s"), (["seed": 0.5], "compress.seed", "integer"),
        ] as [(JSONValue, String, String)]
    )
    func whatIsNoRequestIsInvalidAtItsPath(form: JSONValue, parameter: String, words: String) throws {
        let error = #expect(throws: ProbeError.self) { try request(form) }
        #expect(error?.kind == .invalid)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(arguments: [["keep": 101], ["keep": 0.001]] as [JSONValue])
    func whatKeepsNothingOrTooMuchIsUnsupported(form: JSONValue) throws {
        let error = #expect(throws: ProbeError.self) { try request(form).count(of: 100) }
        #expect(error?.kind == .unsupported && error?.parameter == "compress.keep")
    }

    private func request(_ form: JSONValue) throws -> CompressionRequest {
        try CompressionRequest(ProbeField(form, path: "compress"))
    }
}
