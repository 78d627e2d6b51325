import Probing
import Testing

@Suite struct PositionSetTests {
    private let low = PositionSet(length: 6, positions: [0, 1, 2], generated: true)
    private let high = PositionSet(length: 6, positions: [2, 3])

    @Test func setAlgebraTreatsGeneratedPositionsAsOneMember() {
        #expect(low.union(high) == PositionSet(length: 6, positions: 0..<4, generated: true))
        #expect(low.intersection(high) == PositionSet(length: 6, positions: [2]))
        #expect(low.subtracting(high) == PositionSet(length: 6, positions: [0, 1], generated: true))
        #expect(high.subtracting(low) == PositionSet(length: 6, positions: [3]))
    }

    @Test func firstAndEmptyCountGeneratedPositions() {
        #expect(high.first == 2)
        #expect(PositionSet(length: 6, generated: true).first == 6)
        #expect(PositionSet(length: 6).first == nil)
        #expect(PositionSet(length: 6).isEmpty && !low.isEmpty && !PositionSet(length: 0, generated: true).isEmpty)
    }
}
