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
        var arrays = ArrayAnswer(.json, .json)
        let value = try arrays.place(
            NumberArray(shape: [1, count], values: Array(repeating: 0.5, count: count)),
            at: "maps"
        )
        #expect(arrays.warnings.count == warningCount)
        #expect((value["dtype"] == "f32") == (warningCount == 1))
        if warningCount == 1 { #expect(value["shape"] == [1, .integer(count)]) }
    }

    private static let halves: [(Float, UInt16)] = [
        (0, 0), (-0.0, 0x8000), (1, 0x3C00), (-2, 0xC000), (65504, 0x7BFF), (65519, 0x7BFF), (65520, 0x7C00),
        (1e9, 0x7C00), (-Float.infinity, 0xFC00), (0x1p-24, 0x0001), (0x1p-25, 0), (0x1.8p-25, 1), (0x1p-14, 0x0400),
        (0x1.FF8p-15, 0x03FF), (0x1.002p0, 0x3C00), (0x1.006p0, 0x3C02),
    ]

    @Test("halves round to the nearest, ties to even", arguments: halves)
    func half(_ value: Float, _ bits: UInt16) {
        #expect(HalfPrecision.bits(value) == bits)
        #expect(HalfPrecision.bits(.nan) & 0x7FFF > 0x7C00)
    }

    @Test("an archive holds what it says, where it says")
    func archive() throws {
        var archive = NPZArchive()
        archive.add(NumberArray(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]), name: "a.b")
        archive.add(NumberArray(shape: [1], values: [0.5]), name: "c", type: .f16)
        let data = [UInt8](archive.data)
        func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(data[offset + $1]) << (8 * $1) } }
        let end = data.count - 22
        #expect(word(end) == 0x0605_4B50)
        #expect(data[end + 10] == 2)
        #expect(word(end + 12) + word(end + 16) == end)
        #expect(word(word(end + 16)) == 0x0201_4B50)
        let text = String(decoding: data[..<(30 + 7 + 128)], as: UTF8.self)
        #expect(text.contains("a.b.npy"))
        #expect(text.contains("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"))
        // The numbers begin 128 bytes into the member: 10 of magic, version and length, then the padded header.
        let first = 30 + 7 + 128
        #expect(Array(data[first..<first + 4]) == [0, 0, 0x80, 0x3F])
        #expect(String(decoding: data, as: UTF8.self).contains("'shape': (1,), }"))
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
        #expect(warnings.last == "68 more fields were ignored")
    }

    @Test("blocks of the vision tower that LLaVA skips are no unused tensors")
    func unusedTensors() throws {
        #expect(try VisionLanguageModel.load(TestAPI.model).description.unusedTensors == [])
    }
}
