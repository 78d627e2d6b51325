import Foundation
import HTTPCore
import JSON
import Models
import Probing
import Testing

@testable import API

@Suite("Numbers and errors on their way out")
struct ArrayEncodingTests {
    @Test(
        "up to 2^20 numbers are nested, one more is base64 and said so",
        arguments: [(1 << 20, 0), ((1 << 20) + 1, 1)]
    )
    func limit(_ count: Int, _ warningCount: Int) throws {
        var warnings: [String] = []
        let array = NumberArray(shape: [1, count], values: Array(repeating: 0.5, count: count))
        let value = array.encoded(.json, name: "maps", warnings: &warnings)
        #expect(warnings.count == warningCount)
        #expect((value["dtype"] == "f32") == (warningCount == 1))
        if warningCount == 1 { #expect(value["shape"] == [1, .integer(count)]) }
    }

    @Test("what fails in a stream becomes an event that clients understand")
    func errorEvent() throws {
        let known = APIError.event(for: ProbeError.unsupported("lens.layers", "is too deep"))
        #expect(try known.at("type") == "error")
        #expect(try known.at("error.code") == "unsupported_probe")
        #expect(try known.at("error.param") == "lens.layers")
        let unknown = APIError.event(for: CancellationError())
        #expect(try unknown.at("error.type") == "server_error")
        #expect(try unknown.at("error.param") == nil)
    }

    @Test("many unknown members are summed up")
    func manyUnknown() {
        let members = (0..<100).map { ("field\($0)", JSONValue.null) }
        let warnings = KnownFields.object(KnownFields.chat).warnings(.object(Dictionary(uniqueKeysWithValues: members)))
        #expect(warnings.count == 33)
        #expect(warnings.last == "68 more unknown fields were ignored")
    }

    @Test("blocks of the vision tower that LLaVA skips are no unused tensors")
    func unusedTensors() throws {
        #expect(try VisionLanguageModel.load(TestAPI.model).description.unusedTensors == [])
    }
}
