import Foundation
import Tensors
import Testing

@testable import Weights

@Suite struct CheckpointTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func single(_ samples: [Sample]) throws -> Checkpoint {
        try directory.write("model.safetensors", SafetensorsBuilder.file(samples))
        return try Checkpoint(directory: directory.url)
    }

    private func sharded(_ map: String, _ shards: [String: [Sample]]) throws -> Checkpoint {
        for (name, samples) in shards { try directory.write(name, SafetensorsBuilder.file(samples)) }
        try directory.write("model.safetensors.index.json", "{\"metadata\":{},\"weight_map\":\(map)}")
        return try Checkpoint(directory: directory.url)
    }

    @Test func opensASingleFile() throws {
        let checkpoint = try single([
            .floats("b", shape: [2], [1, 2]),
            .floats("a", shape: [1], [3]),
            .zeros("ids", type: "I64", shape: [3], byteCount: 24),
            .zeros("h", type: "BF16", shape: [2, 2], byteCount: 8),
        ])
        #expect(checkpoint.tensorNames == ["a", "b", "h", "ids"])
        #expect(checkpoint.tensor("b")?.floats() == [1, 2])
        #expect(checkpoint.tensor("ids") == nil)
        #expect(checkpoint.tensor("c") == nil)
        #expect(checkpoint.totals.tensors == 4)
        #expect(checkpoint.totals.parameters == 10)
        #expect(checkpoint.totals.bytes == 44)
        #expect(checkpoint.totals.elementTypes == ["F32": 3, "I64": 3, "BF16": 4])
    }

    @Test func opensShards() throws {
        let checkpoint = try sharded(
            #"{"a":"1.safetensors","b":"2.safetensors","c":"1.safetensors"}"#,
            [
                "1.safetensors": [.floats("a", shape: [1], [1]), .floats("c", shape: [1], [3])],
                "2.safetensors": [.floats("b", shape: [1], [2])],
            ]
        )
        #expect(checkpoint.tensorNames == ["a", "b", "c"])
        #expect(checkpoint.tensorNames.compactMap { checkpoint.tensor($0)?.floats() } == [[1], [2], [3]])
    }

    @Test func followsLinksToShards() throws {
        let other = try TemporaryDirectory()
        let blob = try other.write("blob", SafetensorsBuilder.file([.floats("a", shape: [1], [1])]))
        let link = directory.url.appendingPathComponent("model.safetensors")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: blob)
        #expect(try Checkpoint(directory: directory.url).tensorNames == ["a"])
    }

    @Test func aDirectoryWithoutWeightsSaysWhatWasLookedFor() throws {
        let error = #expect(throws: WeightsError.self) { try Checkpoint(directory: directory.url) }
        #expect(error?.code == .unreadable)
        #expect(error?.description.contains("model.safetensors.index.json") == true)
    }

    @Test func aMissingShardIsNamed() throws {
        let error = #expect(throws: WeightsError.self) { try sharded(#"{"a":"gone.safetensors"}"#, [:]) }
        #expect(error?.code == .unreadable)
        #expect(error?.file?.hasSuffix("gone.safetensors") == true)
    }

    @Test func aTensorThatItsShardLacksIsNamed() throws {
        let error = #expect(throws: WeightsError.self) {
            try sharded(#"{"a":"1.st","b":"1.st"}"#, ["1.st": [.floats("a", shape: [1], [1])]])
        }
        #expect(error?.code == .badIndex)
        #expect(error?.tensor == "b")
        #expect(error?.problem.contains("'1.st'") == true)
    }

    @Test func aTensorInTwoShardsIsAnError() throws {
        let error = #expect(throws: WeightsError.self) {
            try sharded(
                #"{"a":"1.st","b":"2.st"}"#,
                [
                    "1.st": [.floats("a", shape: [1], [1])],
                    "2.st": [.floats("a", shape: [1], [1]), .floats("b", shape: [1], [1])],
                ]
            )
        }
        #expect(error?.code == .duplicate)
        #expect(error?.tensor == "a")
    }

    @Test func aBrokenShardIsNamed() throws {
        try directory.write("2.st", [1, 2, 3])
        let error = #expect(throws: WeightsError.self) {
            try sharded(#"{"a":"1.st","b":"2.st"}"#, ["1.st": [.floats("a", shape: [1], [1])]])
        }
        #expect(error?.file?.hasSuffix("2.st") == true)
    }

    @Test func listsTensorsThatWereNeverReadButNotTheHarmlessOnes() throws {
        let names = [
            "text.layers.0.w", "text.layers.0.rotary_emb.inv_freq", "vision.post_layernorm.weight",
            "vision.embeddings.position_ids", "extra.weight", "post_layernorm_2.weight",
        ]
        let checkpoint = try single(names.map { .floats($0, shape: [1], [0]) })
        _ = try checkpoint.scope("text.layers.0").tensor("w", shape: [1])
        #expect(checkpoint.unused() == ["extra.weight", "post_layernorm_2.weight"])
        #expect(checkpoint.unused(ignoring: []).count == 5)
    }
}
