import Testing

@testable import JSON

@Suite struct JSONCursorTests {
    private func read<T>(_ text: String, _ body: (inout JSONCursor) throws -> T) throws -> T {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            let value = try body(&cursor)
            try cursor.end()
            return value
        }
    }

    @Test(arguments: [
        (#""""#, ""),
        (#""a b""#, "a b"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u00e9é""#, "éé"),
        (#""\ud83d\ude00""#, "😀"),
    ])
    func readsStrings(text: String, value: String) throws {
        #expect(try read(text) { try $0.string() } == value)
    }

    @Test(arguments: [
        #""abc"#, #""\x""#, #""\u12g4""#, #""\u12"#, #""\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83dA""#,
        #""\ude00""#, "\"\n\"", "\"a\"b", "'a'", "",
    ])
    func refusesStrings(text: String) {
        #expect(throws: JSONCursor.Fault.self) { try read(text) { try $0.string() } }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        [0x22, 0xff, 0x22].withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[0..<bytes.count]))
            #expect(throws: JSONCursor.Fault.self) { try cursor.string() }
        }
    }

    @Test(arguments: [("0", 0), ("7", 7), (" 9223372036854775807 ", Int.max)])
    func readsNaturals(text: String, value: Int) throws {
        #expect(try read(text) { try $0.natural() } == value)
    }

    @Test(arguments: ["-1", "1.5", "1e3", "01", "00", "9223372036854775808", "99999999999999999999", "x", ""])
    func refusesNaturals(text: String) {
        #expect(throws: JSONCursor.Fault.self) { try read(text) { try $0.natural() } }
    }

    @Test func readsArraysUpToTheirLimit() throws {
        #expect(try read("[]") { try $0.naturals(limit: 2) } == [])
        #expect(try read("[ 1 , 2 ]") { try $0.naturals(limit: 2) } == [1, 2])
        #expect(throws: JSONCursor.Fault.self) { try read("[1,2,3]") { try $0.naturals(limit: 2) } }
        #expect(throws: JSONCursor.Fault.self) { try read("[1,]") { try $0.naturals(limit: 2) } }
        #expect(throws: JSONCursor.Fault.self) { try read("[1 2]") { try $0.naturals(limit: 2) } }
    }

    @Test func refusesAKeyThatRepeats() {
        let fault = #expect(throws: JSONCursor.Fault.self) {
            try read(#"{"a":1,"b":2,"a":3}"#) { cursor in
                try cursor.object { (cursor, _) throws(JSONCursor.Fault) in try cursor.skipValue() }
            }
        }
        #expect(fault == JSONCursor.Fault(offset: 13, problem: "key 'a' occurs twice"))
    }

    @Test(arguments: [#"{"a":[1,-2.5e3,true,null,"x",{}]}"#, "0", "[[]]", " false "])
    func passesOverValues(text: String) throws {
        try read(text) { try $0.skipValue() }
    }

    @Test(arguments: ["", "nan", "+", "{", "[", "{a:1}", #"{"a"}"#, "tru", "[1", "0x10", "1 2"])
    func refusesToPassOverWhatIsNoValue(text: String) {
        #expect(throws: JSONCursor.Fault.self) { try read(text) { try $0.skipValue() } }
    }

    @Test(arguments: [
        (JSONCursor.depthLimit, false), (JSONCursor.depthLimit + 1, true), (1_000_000, true),
    ])
    func limitsDepth(depth: Int, fails: Bool) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let result = Result { try read(text) { try $0.skipValue() } }
        #expect((try? result.get()) == nil ? fails : !fails)
    }
}
