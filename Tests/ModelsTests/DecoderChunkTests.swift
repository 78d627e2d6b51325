import ModelFixtures
import Tensors
import Testing

@testable import Models

/// A step computes a prefix of its rows at each layer, so what enters later has to lie behind.
@Suite struct DecoderChunkTests {
    @Test(
        arguments: [
            ([], 0, true), ([(0..<3, 0)], 3, true), ([(0..<3, 0), (3..<4, 0), (4..<9, 2)], 9, true),
            ([(0..<3, 2), (3..<4, 0)], 4, false), ([(1..<3, 0)], 3, false), ([(0..<3, 0), (4..<5, 1)], 5, false),
            ([(0..<3, 0), (2..<5, 1)], 5, false), ([(0..<3, 0)], 4, false), ([(3..<4, 0), (0..<3, 0)], 4, false),
            ([(0..<1, -1)], 1, false),
        ] as [([(Range<Int>, Int)], Int, Bool)]
    )
    func chunksFillTheRowsInOrderOfTheirFirstLayers(parts: [(Range<Int>, Int)], rows: Int, isValid: Bool) throws {
        let decoder = try ModelFixture.mhaCrop.model().decoder
        let chunks = parts.map { part in
            DecoderChunk(
                rows: part.0,
                sequence: DecoderSequence(cache: decoder.makeCache(), hooks: nil),
                firstLayer: part.1
            )
        }
        #expect(DecoderChunk.areInOrder(chunks, rows: rows) == isValid)
    }

    @Test func aStepInAnotherOrderIsStopped() async {
        await #expect(processExitsWith: .failure) {
            let decoder = try ModelFixture.mhaCrop.model().decoder
            let states = Matrix(rows: 2, columns: decoder.configuration.hiddenSize)
            let chunks = [1, 0].enumerated().map { row, layer in
                let sequence = DecoderSequence(cache: decoder.makeCache(), hooks: nil)
                return DecoderChunk(rows: row..<row + 1, sequence: sequence, firstLayer: layer)
            }
            decoder.forward(states, chunks: chunks)
        }
    }
}
