import Testing

@testable import Tensors

@Suite struct KeyValuePageTests {
    static let formats = [KeyValueFormat.f32, .bf16]

    @Test(arguments: InstructionSet.available, formats)
    func aPageGivesBackWhatWasStoredInAnySteps(set: InstructionSet, format: KeyValueFormat) {
        let compute = Compute(threads: 2, instructionSet: set)
        for (heads, headDim) in [(1, 1), (3, 7), (2, 32), (2, 80), (1, 131)] {
            var numbers = Numbers(seed: UInt64(headDim))
            let keys = numbers.matrix(96, heads * headDim)
            let values = numbers.matrix(96, heads * headDim)
            for step in [1, 3, 32, 33, 96] {
                let page = KeyValuePage(KeyValueShape(heads: heads, headDim: headDim, format: format), capacity: 96)
                for start in stride(from: 0, to: 96, by: step) {
                    let rows = start..<min(start + step, 96)
                    compute.store(keys: keys.rows(rows), values: values.rows(rows), into: page, at: start)
                }
                for position in 0..<96 {
                    #expect(page.key(position) == kept(keys.row(position), format))
                    #expect(page.value(position) == kept(values.row(position), format))
                }
            }
        }
    }

    @Test(arguments: formats) func positionsMoveBetweenPagesUnchanged(format: KeyValueFormat) {
        let compute = Compute(threads: 1)
        var numbers = Numbers(seed: 3)
        let shape = KeyValueShape(heads: 2, headDim: 5, format: format)
        let (page, other) = (KeyValuePage(shape, capacity: 32), KeyValuePage(shape, capacity: 64))
        compute.store(keys: numbers.matrix(32, 10), values: numbers.matrix(32, 10), into: page, at: 0)
        for (target, position) in [3, 8, 9, 31].enumerated() {
            other.copyPosition(position, of: page, to: target)
        }
        for (target, position) in [3, 8, 9, 31].enumerated() {
            #expect(other.key(target) == page.key(position) && other.value(target) == page.value(position))
        }
        let copy = page.copy()
        compute.store(keys: numbers.matrix(1, 10), values: numbers.matrix(1, 10), into: page, at: 5)
        #expect(copy.key(5) != page.key(5) && copy.value(5) != page.value(5))
        #expect(copy.key(4) == page.key(4) && copy.value(4) == page.value(4))
    }

    private func kept(_ row: [Float], _ format: KeyValueFormat) -> [Float] {
        format == .bf16 ? row.map(roundedToBF16) : row
    }
}
