import Foundation
import JSON
import Tensors
import Testing

@testable import Weights

@Suite struct SafetensorsFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ bytes: some Sequence<UInt8>) throws -> SafetensorsFile {
        try SafetensorsFile(path: directory.write("\(UUID().uuidString).safetensors", bytes).path)
    }

    private func failure(_ bytes: some Sequence<UInt8>) throws -> WeightsError? {
        #expect(throws: WeightsError.self) { try open(bytes) }
    }

    private func entry(_ type: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]") -> String {
        #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    @Test func readsTensorsWithoutCopying() throws {
        let file = try open(
            SafetensorsBuilder.file([
                .floats("a.weight", shape: [2, 2], [1, -2, 3.5, 0]),
                Sample(name: "b", type: "BF16", shape: [2], data: [0x80, 0x3f, 0x20, 0xc1]),
                Sample(name: "c", type: "F16", shape: [], data: [0x00, 0x3e]),
            ])
        )
        let tensors = file.entries.compactMap { file.tensor($0) }
        #expect(tensors.map(\.name) == ["a.weight", "b", "c"])
        #expect(tensors.map(\.shape) == [[2, 2], [2], []])
        #expect(tensors.map { $0.floats() } == [[1, -2, 3.5, 0], [1, -10], [1.5]])
        let mapped = try #require(file.file.bytes.baseAddress)
        #expect(tensors.allSatisfy { ($0.bytes.baseAddress ?? mapped) > mapped })
    }

    @Test func tensorsOutliveTheFile() throws {
        let tensor = try {
            let file = try open(SafetensorsBuilder.file([.floats("a", shape: [2], [4, 5])]))
            return try #require(file.tensor(file.entries[0]))
        }()
        #expect(tensor.floats() == [4, 5])
    }

    @Test(arguments: [("I64", 8), ("U8", 1), ("BOOL", 1), ("F64", 8), ("F8_E4M3", 1), ("I32", 4), ("U16", 2)])
    func listsOtherNumberFormatsButDoesNotReadThem(type: String, size: Int) throws {
        let file = try open(SafetensorsBuilder.file([.zeros("ids", type: type, shape: [1, 3], byteCount: 3 * size)]))
        #expect(file.entries.map(\.name) == ["ids"])
        #expect(file.tensor(file.entries[0]) == nil)
    }

    @Test func acceptsPaddingEmptyTensorsUnknownFieldsAndAnyOrder() throws {
        let header = """
            {"b":\(entry("F32", "[1]", "[4,8]")),"__metadata__":{},
             "a":{"dtype":"F32","note":[{}],"shape":[1],"data_offsets":[0,4]},
             "none":\(entry("F32", "[0,9223372036854775]", "[4,4]"))}
            """
        let file = try open(SafetensorsBuilder.file(header: header + "     ", data: [0, 0, 128, 63, 0, 0, 0, 64]))
        let values = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, file.tensor($0)?.floats()) })
        #expect(values == ["a": [1], "b": [2], "none": []])
    }

    @Test func aFileWithoutTensorsIsValid() throws {
        #expect(try open(SafetensorsBuilder.file(header: "{}")).entries.isEmpty)
    }

    @Test(arguments: [
        (#""dtype":"F33","shape":[2],"data_offsets":[0,8]"#, ["F33", "known are"]),
        (#""dtype":"F16","shape":[2],"data_offsets":[0,8]"#, ["[2] of F16", "32 bits", "8 bytes"]),
        (#""dtype":"F32","shape":[1],"data_offsets":[0,8]"#, ["[1] of F32", "8 bytes"]),
        (#""shape":[2],"data_offsets":[0,8]"#, ["dtype"]),
        (#""dtype":"F32","data_offsets":[0,8]"#, ["shape"]),
        (#""dtype":"F32","shape":[2]"#, ["data_offsets"]),
        (#""dtype":"F32","shape":[2],"data_offsets":[8]"#, ["[8]"]),
        (#""dtype":"F32","shape":[2],"data_offsets":[0,4,8]"#, ["more than 2"]),
        (#""dtype":"F32","shape":[2],"data_offsets":[8,0]"#, ["[8, 0]"]),
        (#""dtype":"F32","shape":[2],"data_offsets":[-8,0]"#, ["header byte"]),
        (#""dtype":"F32","shape":[4],"data_offsets":[0,16]"#, ["byte 16", "8 bytes of data"]),
        (#""dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]"#, ["bits"]),
        (#""dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]"#, ["bits"]),
        (#""dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[0,0]"#, ["bits"]),
        (#""dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]"#, ["bits"]),
        (#""dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,8]"#, ["bits"]),
        (#""dtype":"F32","shape":[4294967296,0,4294967296],"data_offsets":[0,0]"#, ["bits"]),
        (#""dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]"#, ["number over"]),
        (#""dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]"#, ["more than 16"]),
        (#""dtype":"F32","shape":[2.0],"data_offsets":[0,8]"#, ["header byte"]),
        (#""dtype":"F32","shape":[1],"data_offsets":[4,8]"#, ["hole", "expected 0"]),
        (#""dtype":4,"shape":[2],"data_offsets":[0,8]"#, ["a string"]),
    ])
    func namesTheTensorAndWhatIsWrong(fields: String, mentions: [String]) throws {
        let header = #"{"x":{\#(fields)}}"#
        let error = try #require(try failure(SafetensorsBuilder.file(header: header, data: Self.eightBytes)))
        #expect(error.code == .malformed)
        #expect(error.tensor == "x")
        #expect(error.file?.hasSuffix(".safetensors") == true)
        for text in mentions { #expect(error.problem.contains(text), "\(error)") }
    }

    @Test(arguments: [
        (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "byte 4 of 8 bytes"),
        ("[]", "object"), ("7", "object"), ("", "object"), ("{}x", "the end"), (#"{"x":7}"#, "object"),
        (#"{"__metadata__":[]}"#, "object"), (#"{"__metadata__":{"a":1}}"#, "string"), (#"{"x":{"#, "string"),
    ])
    func refusesOtherHeaders(header: String, mention: String) throws {
        let error = try #require(try failure(SafetensorsBuilder.file(header: header, data: Self.eightBytes)))
        #expect(error.code == .malformed)
        #expect(error.problem.contains(mention), "\(error)")
    }

    private static let eightBytes = [UInt8](repeating: 0, count: 8)

    @Test func refusesTensorsThatOverlap() throws {
        let header = #"{"x":\#(entry("F32", "[2]", "[0,8]")),"y":\#(entry("F32", "[1]", "[4,8]"))}"#
        let error = try #require(try failure(SafetensorsBuilder.file(header: header, data: Self.eightBytes)))
        #expect(error.tensor == "y")
        #expect(error.problem == "begins at byte 4, expected 8: overlaps the tensor before it")
    }

    @Test func refusesAKeyThatRepeats() throws {
        for header in [#"{"x":\#(entry()),"x":\#(entry())}"#, #"{"x":{"dtype":"F32","dtype":"F32"}}"#] {
            let error = try failure(SafetensorsBuilder.file(header: header, data: Self.eightBytes))
            #expect(error?.code == .duplicate)
        }
    }

    @Test func refusesDeepNestingWithoutExhaustingTheStack() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        let error = try failure(SafetensorsBuilder.file(header: #"{"x":{"note":\#(deep)"#))
        #expect(error?.description.contains("deeper than \(JSONCursor.depthLimit)") == true)
    }

    @Test(arguments: [
        (UInt64(100_000_001), WeightsError.Code.tooLarge),
        (UInt64.max, .tooLarge),
        (UInt64(Int.max), .tooLarge),
        (100_000_000, .malformed),
        (1000, .malformed),
    ])
    func checksTheHeaderLength(length: UInt64, code: WeightsError.Code) throws {
        var bytes = SafetensorsBuilder.file([.floats("a", shape: [1], [1])])
        bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: length.littleEndian, Array.init))
        let error = try #require(try failure(bytes))
        #expect(error.code == code)
        #expect(error.description.contains("\(length)"))
    }

    private static let samples: [Sample] = [
        .floats("model.a.weight", shape: [3, 5], (0..<15).map(Float.init)),
        .zeros("model.position_ids", type: "I64", shape: [1, 4], byteCount: 32),
        Sample(name: "model.b", type: "BF16", shape: [6], data: (0..<12).map { $0 }),
        .floats("scale", shape: [], [2]),
    ]

    @Test func everyCutFileIsAnErrorThatNamesTheFile() throws {
        let whole = SafetensorsBuilder.file(Self.samples)
        let cuts = Set((0..<64).map { whole.count * $0 / 64 } + [1, 7, 8, 9, whole.count - 1])
        for cut in cuts {
            let error = try #require(try failure(whole.prefix(cut)))
            #expect(error.code == .malformed, "cut at \(cut)")
            #expect(error.file != nil, "cut at \(cut)")
        }
        #expect(try failure(whole + [0])?.code == .malformed)
    }

    /// A flipped bit is an error, or it changed a name or the metadata alone: what is read is never something else.
    @Test func noFlippedHeaderBitChangesWhatIsRead() throws {
        let whole = SafetensorsBuilder.file(Self.samples)
        let dataCount = Self.samples.reduce(0) { $0 + $1.data.count }
        let expected = try contents(open(whole))
        var refused = 0
        for bit in 0..<8 * (whole.count - dataCount) {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            do {
                #expect(try contents(open(bytes)) == expected, "bit \(bit)")
            } catch let error as WeightsError {
                #expect(error.file != nil)
                refused += 1
            }
        }
        #expect(refused > 8 * (whole.count - dataCount) / 2)
    }

    private func contents(_ file: SafetensorsFile) -> [String] {
        file.entries.map { "\($0.type) \($0.shape) \($0.range)" }
    }
}
