import Foundation
import Models
import Tensors
import Testing

@Suite struct MeanEmbeddingTests {
    @Test func picturesCountByTheirPatches() {
        var mean = MeanEmbedding(width: 2)
        #expect(mean.values == nil)
        mean.add(Matrix(rows: 1, columns: 2, values: [4, 0]))
        mean.add(Matrix(rows: 3, columns: 2, values: [0, 1, 0, 2, 0, 3]))
        #expect(mean.images == 2 && mean.patches == 4)
        #expect(mean.values == [1, 1.5])
    }

    @Test func sumsAreExactWhereFloatsWouldNotBe() {
        var mean = MeanEmbedding(width: 1)
        mean.add(Matrix(rows: 1, columns: 1, values: [Float(1 << 25)]))
        for _ in 0..<3 { mean.add(Matrix(rows: 1, columns: 1, values: [1])) }
        #expect(mean.values == [Float((Double(1 << 25) + 3) / 4)])
    }

    @Test func whatIsWrittenBesideACheckpointIsLoadedWithIt() throws {
        let copy = try CopiedCheckpoint()
        let width = try copy.load().decoder.configuration.hiddenSize
        #expect(try copy.load().meanEmbedding == nil)
        var mean = MeanEmbedding(width: width)
        mean.add(Matrix(rows: 1, columns: width, values: (0..<width).map { Float($0) / 7 }))
        let file = copy.directory.appendingPathComponent(MeanEmbedding.fileName)
        let long = String(repeating: "long ", count: 300)
        try mean.write(to: file, provenance: ["model": "a \"quoted\" name", "note": long])
        #expect(try copy.load().meanEmbedding == mean.values)
        let header = String(decoding: try copy.data(MeanEmbedding.fileName).prefix(2500), as: UTF8.self)
        #expect(header.contains("\"images\":\"1\"") && header.contains("long long"))
        #expect(throws: (any Error).self) { try mean.write(to: file, provenance: [:]) }
        #expect(throws: ModelError.self) { try MeanEmbedding(width: 2).write(to: file, provenance: [:]) }
    }
}
