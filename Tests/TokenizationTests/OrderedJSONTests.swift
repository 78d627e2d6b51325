import Foundation
import Testing

@testable import Tokenization

@Suite("JSON parser")
struct OrderedJSONTests {
    @Test(
        "values of every kind",
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("-1.5e2", .number(-150)), ("[]", .array([])),
            (#"[1,"a"]"#, .array([.number(1), .string("a")])),
            (#"{"a":{}}"#, .object([OrderedJSON.Member(name: "a", value: .object([]))])),
            (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")), (#""\u00e9\ud83d\ude42""#, .string("é🙂")),
        ] as [(String, OrderedJSON)]
    )
    func parses(text: String, expected: OrderedJSON) throws {
        #expect(try OrderedJSON(parsing: Data(text.utf8)) == expected)
    }

    @Test(
        "text that is not JSON is refused",
        arguments: [
            "", " ", "nul", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{1:2}", "\"", "\"\\x\"", "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "1 1", "+", "--1", "1e999", "]", "\u{feff}",
        ]
    )
    func refuses(text: String) {
        #expect(throws: TokenizerError.self) { try OrderedJSON(parsing: Data(text.utf8)) }
    }

    @Test("bytes that are not UTF-8 are refused", arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func refusesInvalidUTF8(bytes: [UInt8]) {
        #expect(throws: TokenizerError.self) { try OrderedJSON(parsing: Data([0x22] + bytes + [0x22])) }
    }

    @Test("nesting has a limit", arguments: ["[", "{\"a\":"])
    func limitsNesting(opening: String) {
        let text = String(repeating: opening, count: 100_000)
        #expect(throws: TokenizerError.self) { try OrderedJSON(parsing: Data(text.utf8)) }
    }
}
