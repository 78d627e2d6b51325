import Foundation
import JSON
import Testing

struct JSONValueTests {
    @Test func readsEveryKindOfValue() throws {
        let text = #"{"s":"aé\n","i":42,"big":9007199254740993,"n":-1.5e3,"t":true,"z":null,"a":[1,[2]],"o":{}}"#
        let value = try JSONValue(parsing: Data(text.utf8))
        #expect(value["s"] == "aé\n")
        #expect(value["i"]?.integer == 42)
        #expect(value["big"]?.integer == 9_007_199_254_740_993)
        #expect(value["n"]?.number == -1500)
        #expect(value["t"]?.bool == true)
        #expect(value["t"]?.number == nil)
        #expect(value["i"]?.bool == nil)
        #expect(value["z"] == nil)
        #expect(value["a"] == [1, [2]])
        #expect(value["o"]?.object?.isEmpty == true)
    }

    @Test func writesWhatItReads() throws {
        let value: JSONValue = ["b": [1, 2.5, true, nil], "a": "\u{1}\"\\\n😀", "c": ["x": []]]
        let data = value.serialized()
        #expect(String(decoding: data, as: UTF8.self) == #"{"a":"\u0001\"\\\n😀","b":[1,2.5,true,null],"c":{"x":[]}}"#)
        #expect(try JSONValue(parsing: data) == value)
    }

    @Test func writesNumbersThatJSONLacksAsNull() {
        #expect(JSONValue.array([.number(.infinity), .number(.nan)]).serialized() == Data("[null,null]".utf8))
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\":}", "nul", "\"\u{1}", "[1 2]", "{\"a\":1}}"])
    func namesTextThatIsNotJSON(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Data(text.utf8)) }
    }

    @Test func refusesInvalidUTF8AndExcessiveNesting() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Data([0x22, 0xFF, 0x22])) }
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: Data(deep.utf8)) }
    }
}
