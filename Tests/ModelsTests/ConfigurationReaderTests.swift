import Foundation
import JSON
import Testing

@testable import Models

@Suite struct ConfigurationReaderTests {
    private let reader = ConfigurationReader(
        path: "config.json",
        fields: [
            "layers": 12, "big": .integer(.max), "half": 0.5, "name": "x", "on": true, "list": [1, 2],
            "mixed": [1, "a"],
            "nested": ["deep": 3], "nothing": nil, "zero": 0,
        ]
    )

    @Test func fieldsAreReadWithTheirTypes() throws {
        #expect(try reader.integer("layers", in: 1...20) == 12)
        #expect(try reader.integer("absent", in: 1...20, default: 7) == 7)
        #expect(try reader.float("half", default: 1) == 0.5)
        #expect(try reader.float("layers", default: 1) == 12)
        #expect(try reader.string("name") == "x")
        #expect(try reader.flag("on") == true)
        #expect(try reader.integers("list") == [1, 2])
        #expect(try reader.integers("layers") == [12])
        #expect(try reader.object("nested").integer("deep", in: 1...3) == 3)
        #expect(!reader.has("nothing"))
        #expect(try reader.string("nothing") == nil)
    }

    @Test func errorsNameFileFieldLimitAndValue() {
        expect("config.json: \"layers\" is 12; it must lie in 1…8") { try reader.integer("layers", in: 1...8) }
        expect("\"big\" is \(Int.max)") { try reader.integer("big", in: 1...8) }
        expect("config.json has no \"absent\"") { try reader.integer("absent", in: 1...8) }
        expect("\"name\" is a string; it must be an integer") { try reader.integer("name", in: 1...8) }
        expect("\"half\" is a number; it must be an integer") { try reader.integer("half", in: 0...8) }
        expect("\"zero\" is 0") { try reader.float("zero", default: 1) }
        expect("\"on\" is a boolean; it must be a number") { try reader.float("on", default: 1) }
        expect("\"layers\" is a number; it must be a string") { try reader.string("layers") }
        expect("\"name\" is a string; it must be true or false") { try reader.flag("name") }
        expect("\"mixed\" is an array; it must be an integer or a list") { try reader.integers("mixed") }
        expect("\"list\" is an array; it must be an object") { try reader.object("list") }
        expect("config.json: nested: \"deep\" is 3") { try reader.object("nested").integer("deep", in: 4...5) }
    }

    /// What stands in when a field is absent must fit as well: it may depend on other fields.
    @Test func aDefaultOutOfRangeIsAnErrorToo() {
        expect("\"absent\"") { try reader.integer("absent", in: 1...20, default: 32000) }
    }

    @Test(arguments: ["", "{", "[]", "3", "{\"a\":}", "\u{0}", "{\"a\":1}x"])
    func aFileThatIsNoObjectIsAnErrorWithItsName(text: String) throws {
        let checkpoint = try CopiedCheckpoint()
        try checkpoint.write(Data(text.utf8), to: "config.json")
        let error = #expect(throws: ModelError.self) {
            try ConfigurationReader.file("config.json", in: checkpoint.directory)
        }
        #expect(error?.message.contains("config.json") == true)
    }

    @Test func anAbsentFileIsNone() throws {
        let checkpoint = try CopiedCheckpoint()
        #expect(try ConfigurationReader.file("absent.json", in: checkpoint.directory) == nil)
    }

    @Test func aHugeFileIsRefusedUnread() throws {
        let checkpoint = try CopiedCheckpoint()
        try checkpoint.write(Data(count: (16 << 20) + 1), to: "config.json")
        let error = #expect(throws: ModelError.self) {
            try ConfigurationReader.file("config.json", in: checkpoint.directory)
        }
        #expect(error?.message.contains("\(16 << 20)") == true)
    }

    private func expect(_ words: String, _ body: () throws -> some Any) {
        let error = #expect(throws: ModelError.self) { _ = try body() }
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }
}
