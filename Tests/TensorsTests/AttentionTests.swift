import Foundation
import Testing

@testable import Tensors

/// One attention problem with a single group.
private struct Problem {
    var queries: Matrix
    var keys: Matrix
    var values: Matrix
    var shape: AttentionShape
    var firstPosition = 0
    var causal = true
    var edits: AttentionEdits?
    var format = KeyValueFormat.f32

    init(rows: Int, keyCount: Int, heads: Int, keyValueHeads: Int, headDim: Int, seed: UInt64 = 1) {
        var numbers = Numbers(seed: seed)
        queries = numbers.matrix(rows, heads * headDim)
        keys = numbers.matrix(keyCount, keyValueHeads * headDim)
        values = numbers.matrix(keyCount, keyValueHeads * headDim)
        shape = AttentionShape(heads: heads, keyValueHeads: keyValueHeads, headDim: headDim, scale: 0.7)
        firstPosition = keyCount - rows
    }

    /// The keys and values in pages; of 64 positions, as in a cache, unless told otherwise.
    func pages(_ compute: Compute, capacity: Int = 64) -> [KeyValuePage] {
        let stored = KeyValueShape(heads: shape.keyValueHeads, headDim: shape.headDim, format: format)
        return stride(from: 0, to: keys.rows, by: capacity).map { start in
            let page = KeyValuePage(stored, capacity: capacity)
            let rows = start..<min(start + capacity, keys.rows)
            compute.store(keys: keys.rows(rows), values: values.rows(rows), into: page, at: 0)
            return page
        }
    }

    func group(
        rows: Range<Int>,
        _ compute: Compute,
        capacity: Int = 64,
        captures: [PatternSink] = []
    ) -> AttentionGroup {
        AttentionGroup(
            rows: rows,
            pages: pages(compute, capacity: capacity),
            keyCount: keys.rows,
            firstPosition: firstPosition,
            causal: causal,
            edits: edits,
            captures: captures
        )
    }

    func run(_ compute: Compute, capacity: Int = 64, captures: [PatternSink] = []) -> Matrix {
        let context = Matrix(rows: queries.rows, columns: shape.heads * shape.headDim)
        context.fill(.nan)
        let group = group(rows: 0..<queries.rows, compute, capacity: capacity, captures: captures)
        compute.attention(queries: queries, groups: [group], shape: shape, into: context)
        return context
    }

    /// Probabilities and context of one row and head in double precision.
    func reference(row: Int, head: Int) -> (pattern: [Double], context: [Double]) {
        let d = shape.headDim
        let start = head / (shape.heads / shape.keyValueHeads) * d
        let count = causal ? firstPosition + row + 1 : keys.rows
        let index = row * shape.heads + head
        let bias = edits.flatMap { e in e.biasIndex.isEmpty ? nil : e.biasIndex[index] }.map(Int.init) ?? -1
        let factor = edits.flatMap { e in e.factorIndex.isEmpty ? nil : e.factorIndex[index] }.map(Int.init) ?? -1
        var scores = (0..<count).map { key in
            var sum = 0.0
            for i in 0..<d { sum += Double(queries[row, head * d + i]) * Double(keys[key, start + i]) }
            return sum * Double(shape.scale) + (bias < 0 ? 0 : Double(edits?.bias[bias][key] ?? 0))
        }
        let largest = scores.max() ?? 0
        scores = scores.map { $0 == -.infinity ? 0 : exp($0 - largest) }
        let total = scores.reduce(0, +)
        var pattern = scores.map { total > 0 ? $0 / total : 0 }
        if factor >= 0 { for key in 0..<count { pattern[key] *= Double(edits?.factor[factor][key] ?? 1) } }
        let context = (0..<d).map { i in
            (0..<count).reduce(0.0) { $0 + pattern[$1] * Double(values[$1, start + i]) }
        }
        return (pattern, context)
    }

    /// The same with operands that the format keeps as they are.
    func kept() -> Problem {
        guard format == .bf16 else { return self }
        func rounded(_ matrix: Matrix) -> Matrix {
            Matrix(rows: matrix.rows, columns: matrix.columns, values: matrix.values.map(roundedToBF16))
        }
        var kept = self
        (kept.queries, kept.keys, kept.values) = (rounded(queries), rounded(keys), rounded(values))
        return kept
    }
}

/// Keeps what sinks receive.
private final class Received {
    var patterns: [(row: Int, values: [Float], heads: Int, keys: Int)] = []

    func sinks(_ rows: [Int]) -> [PatternSink] {
        rows.map { row in
            PatternSink(row: row) { pattern in
                let values = (0..<pattern.heads).flatMap { pattern.head($0) }
                self.patterns.append((row, values, pattern.heads, pattern.keys))
            }
        }
    }
}

@Suite struct AttentionTests {
    static let formats = [KeyValueFormat.f32, .bf16]
    static let kinds: [(causal: Bool, format: KeyValueFormat)] = [
        (true, .f32), (false, .f32), (true, .bf16), (false, .bf16),
    ]

    static let problems: [(rows: Int, keys: Int, heads: Int, keyValueHeads: Int, headDim: Int)] = [
        (1, 1, 1, 1, 1), (1, 17, 2, 1, 3), (2, 5, 3, 3, 5), (5, 31, 2, 2, 17), (7, 33, 6, 2, 31), (13, 63, 4, 4, 64),
        (50, 100, 4, 1, 33), (64, 64, 2, 2, 80), (3, 300, 8, 2, 100), (100, 131, 2, 1, 32),
    ]

    @Test(arguments: InstructionSet.available, kinds)
    func matchesDoublePrecision(set: InstructionSet, kind: (causal: Bool, format: KeyValueFormat)) {
        // Rounding the probabilities to bf16 moves a mean of values of at most 1 by up to 2^-8.
        let tolerance = kind.format == .bf16 ? 0x1p-8 : 4e-6
        let compute = Compute(threads: 2, instructionSet: set)
        for shape in Self.problems {
            var problem = Problem(
                rows: shape.rows,
                keyCount: shape.keys,
                heads: shape.heads,
                keyValueHeads: shape.keyValueHeads,
                headDim: shape.headDim
            )
            problem.causal = kind.causal
            problem.format = kind.format
            problem = problem.kept()
            let received = Received()
            let context = problem.run(compute, captures: received.sinks(Array(0..<shape.rows)))
            #expect(received.patterns.map(\.row) == Array(0..<shape.rows))
            for (row, pattern) in received.patterns.enumerated() {
                for head in 0..<shape.heads {
                    let expected = problem.reference(row: row, head: head)
                    let keys = pattern.keys
                    #expect(keys == expected.pattern.count && pattern.heads == shape.heads)
                    let got = Array(pattern.values[head * keys..<(head + 1) * keys])
                    #expect(distance(got, expected.pattern) < 2e-6, "\(shape)")
                    #expect(abs(got.reduce(0.0) { $0 + Double($1) } - 1) < 1e-5)
                    let columns = head * shape.headDim..<(head + 1) * shape.headDim
                    #expect(distance(Array(context.row(row)[columns]), expected.context) < tolerance, "\(shape)")
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available, formats)
    func aRowsBitsDependNeitherOnOtherRowsNorThreadsNorPages(set: InstructionSet, format: KeyValueFormat) {
        var problem = Problem(rows: 101, keyCount: 163, heads: 4, keyValueHeads: 2, headDim: 40)
        problem.format = format
        let one = Compute(threads: 1, instructionSet: set)
        let two = Compute(threads: 2, instructionSet: set)
        let whole = problem.run(two)
        #expect(bits(problem.run(one).values) == bits(whole.values))
        for capacity in [32, 96, 192] {
            #expect(bits(problem.run(two, capacity: capacity).values) == bits(whole.values), "pages of \(capacity)")
        }
        for (start, size) in [(0, 1), (3, 2), (50, 5), (17, 64), (100, 1)] {
            var part = problem
            part.queries = problem.queries.rows(start..<start + size)
            part.firstPosition += start
            #expect(bits(part.run(one).values) == bits(whole.rows(start..<start + size).values), "\(size) rows")
        }
    }

    @Test(arguments: InstructionSet.available)
    func groupsInOneCallEqualSeparateCalls(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        let problems = [(3, 50), (1, 9), (70, 70)].enumerated().map {
            Problem(rows: $1.0, keyCount: $1.1, heads: 4, keyValueHeads: 2, headDim: 24, seed: UInt64($0))
        }
        let queries = Matrix(rows: 74, columns: 96)
        let context = Matrix(rows: 74, columns: 96)
        var groups: [AttentionGroup] = []
        var start = 0
        for problem in problems {
            let rows = start..<start + problem.queries.rows
            queries.rows(rows).copy(from: problem.queries)
            groups.append(problem.group(rows: rows, compute))
            start = rows.upperBound
        }
        compute.attention(queries: queries, groups: groups, shape: problems[0].shape, into: context)
        for (problem, group) in zip(problems, groups) {
            #expect(bits(problem.run(compute).values) == bits(context.rows(group.rows).values))
        }
    }

    @Test(arguments: InstructionSet.available, formats)
    func captureAndNeutralEditsChangeNoBit(set: InstructionSet, format: KeyValueFormat) {
        let compute = Compute(threads: 2, instructionSet: set)
        var problem = Problem(rows: 60, keyCount: 77, heads: 2, keyValueHeads: 1, headDim: 19)
        problem.format = format
        let plain = problem.run(compute)
        #expect(bits(problem.run(compute, captures: Received().sinks([0, 31, 59])).values) == bits(plain.values))
        let indices = [Int32](repeating: 0, count: 120)
        problem.edits = AttentionEdits(
            bias: [[Float](repeating: 0, count: 77)],
            factor: [[Float](repeating: 1, count: 77)],
            biasIndex: indices,
            factorIndex: indices
        )
        #expect(bits(problem.run(compute).values) == bits(plain.values))
    }

    @Test(arguments: InstructionSet.available)
    func editsReachTheirRowsAndHeadsAlone(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        var problem = Problem(rows: 9, keyCount: 40, heads: 4, keyValueHeads: 2, headDim: 16)
        let plain = problem.run(compute)
        var numbers = Numbers(seed: 8)
        var removed = numbers.list(40)
        for key in 10..<20 { removed[key] = -.infinity }
        var biasIndex = [Int32](repeating: -1, count: 36)
        var factorIndex = biasIndex
        biasIndex[4 * 4 + 1] = 0
        factorIndex[6 * 4 + 3] = 0
        problem.edits = AttentionEdits(
            bias: [removed],
            factor: [numbers.list(40)],
            biasIndex: biasIndex,
            factorIndex: factorIndex
        )
        let received = Received()
        let edited = problem.run(compute, captures: received.sinks([4, 6]))
        for row in 0..<9 {
            for head in 0..<4 {
                let columns = head * 16..<(head + 1) * 16
                let now = Array(edited.row(row)[columns])
                if (row, head) == (4, 1) || (row, head) == (6, 3) {
                    #expect(distance(now, problem.reference(row: row, head: head).context) < 4e-6)
                    #expect(now != Array(plain.row(row)[columns]))
                } else {
                    #expect(bits(now) == bits(Array(plain.row(row)[columns])))
                }
            }
        }
        let keys = received.patterns[0].keys
        let pattern = Array(received.patterns[0].values[keys..<2 * keys])
        #expect(pattern[10..<20].allSatisfy { $0.bitPattern == 0 })
        #expect(abs(pattern.reduce(0, +) - 1) < 1e-5)
    }

    @Test(arguments: InstructionSet.available)
    func aRowWithoutKeysGivesZeros(set: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: set)
        var problem = Problem(rows: 8, keyCount: 37, heads: 1, keyValueHeads: 1, headDim: 10)
        problem.edits = AttentionEdits(
            bias: [[Float](repeating: -.infinity, count: 37)],
            biasIndex: [-1, -1, 0, -1, -1, -1, -1, -1]
        )
        let received = Received()
        let context = problem.run(compute, captures: received.sinks([2]))
        #expect(context.row(2).allSatisfy { $0 == 0 })
        #expect(received.patterns[0].values.allSatisfy { $0 == 0 })
        #expect(context.row(1).allSatisfy { $0.isFinite && $0 != 0 })
        let empty = Problem(rows: 2, keyCount: 2, heads: 1, keyValueHeads: 1, headDim: 10)
        let nothing = Matrix(rows: 2, columns: 10)
        nothing.fill(.nan)
        let group = AttentionGroup(rows: 0..<2, pages: [], keyCount: 0, causal: false)
        compute.attention(queries: empty.queries, groups: [group], shape: empty.shape, into: nothing)
        #expect(nothing.values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: InstructionSet.available, formats)
    func keysBeyondTheCausalLimitAreNeverRead(set: InstructionSet, format: KeyValueFormat) {
        let compute = Compute(threads: 1, instructionSet: set)
        var problem = Problem(rows: 20, keyCount: 45, heads: 2, keyValueHeads: 2, headDim: 12)
        problem.format = format
        let whole = problem.run(compute)
        // 35 also splits a pair of bf16.
        for first in [35, 36] {
            var spoiled = problem
            spoiled.keys = Matrix(rows: 45, columns: 24, values: problem.keys.values)
            spoiled.values = Matrix(rows: 45, columns: 24, values: problem.values.values)
            for key in first..<45 {
                spoiled.keys.setRow(key, [Float](repeating: .nan, count: 24))
                spoiled.values.setRow(key, [Float](repeating: .nan, count: 24))
            }
            let untouched = 0..<first - problem.firstPosition
            #expect(bits(spoiled.run(compute).rows(untouched).values) == bits(whole.rows(untouched).values))
        }
    }

    @Test func patternsBeyondTheBudgetArriveInOrderAndUnchanged() {
        let compute = Compute(threads: 2)
        // 16 heads × 700 rows × up to 1600 keys are more floats than one batch may hold.
        let problem = Problem(rows: 700, keyCount: 1600, heads: 16, keyValueHeads: 16, headDim: 4)
        var rows: [Int] = []
        var first: [Float] = []
        let sinks = (0..<700).map { row in
            PatternSink(row: row) { pattern in
                rows.append(row)
                if row == 650 { first = (0..<pattern.heads).flatMap { pattern.head($0) } }
            }
        }
        _ = problem.run(compute, captures: sinks)
        #expect(rows == Array(0..<700))
        var alone = problem
        alone.queries = problem.queries.rows(650..<651)
        alone.firstPosition += 650
        let received = Received()
        _ = alone.run(compute, captures: received.sinks([0]))
        #expect(bits(first) == bits(received.patterns[0].values))
    }
}
