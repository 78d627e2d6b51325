import Foundation
import Testing

@testable import Weights

@Suite struct ShardIndexTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func read(_ text: String) throws -> ShardIndex {
        try ShardIndex(path: directory.write("index.json", text.utf8).path)
    }

    @Test func readsTheWeightMap() throws {
        let index = try read(#"{"metadata":{"total_size":1.5e3},"weight_map":{"b":"2.st","a":"1.st","c":"2.st"}}"#)
        #expect(index.files == ["a": "1.st", "b": "2.st", "c": "2.st"])
        #expect(index.shards == ["1.st", "2.st"])
    }

    @Test(arguments: [
        "../model.safetensors", "/etc/hostname", "a/b.safetensors", "..", ".", "", #"a\u0000b"#, #"..\/x"#,
    ])
    func refusesFilesOutsideTheDirectory(name: String) {
        let error = #expect(throws: WeightsError.self) { try read(#"{"weight_map":{"x":"\#(name)"}}"#) }
        #expect(error?.code == .badIndex)
        #expect(error?.tensor == "x")
    }

    @Test(arguments: [
        "", "[]", "null", "7", "{", #"{"weight_map":[]}"#, #"{"weight_map":{"x":1}}"#, #"{"metadata":{}}"#,
        #"{"weight_map":{"x":"a","x":"b"}}"#, #"{"weight_map":{"x":"a"}} 1"#,
        #"{"metadata":\#(String(repeating: "[", count: 100_000))"#,
    ])
    func refusesWhatIsNoIndex(text: String) {
        let error = #expect(throws: WeightsError.self) { try read(text) }
        #expect(error?.code == .malformed)
        #expect(error?.file?.hasSuffix("index.json") == true)
    }

    @Test func limitsTheNumberOfShards() {
        let map = (0...ShardIndex.shardLimit).map { #""t\#($0)":"f\#($0)""# }.joined(separator: ",")
        #expect(throws: WeightsError.self) { try read("{\"weight_map\":{\(map)}}") }
        #expect(throws: WeightsError.self) { try read(#"{"weight_map":{}}"#) }
    }
}
