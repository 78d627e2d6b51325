import Testing

@testable import Tensors

@Suite struct MatrixTests {
    @Test func viewsShareElements() {
        let whole = Matrix(rows: 3, columns: 4, values: (0..<12).map(Float.init))
        let part = whole.rows(1..<3).columns(1..<3)
        #expect(part.values == [5, 6, 9, 10] && part.stride == 4)
        part[1, 1] = -1
        #expect(whole[2, 2] == -1)
        part.fill(7)
        #expect(whole.row(1) == [4, 7, 7, 7])
        part.setRow(0, [1, 2])
        #expect(whole.row(1) == [4, 1, 2, 7])
    }

    @Test func aNewMatrixIsZeroAndAligned() {
        for count in [0, 1, 63, 2_000_000] {
            let matrix = Matrix(rows: 1, columns: count)
            #expect(matrix.values.allSatisfy { $0 == 0 })
            #expect(UInt(bitPattern: matrix.base) % 64 == 0)
        }
    }

    @Test func copyFollowsStrides() {
        let source = Matrix(rows: 2, columns: 5, values: (0..<10).map(Float.init)).columns(2..<4)
        let target = Matrix(rows: 2, columns: 6).columns(3..<5)
        target.copy(from: source)
        #expect(target.values == [2, 3, 7, 8])
    }

    @Test func embeddingRowsAreGatheredByIndex() {
        let values = (0..<12).map { Float($0) * 0.5 }
        for type in [ElementType.f32, .f16, .bf16] {
            let table = EmbeddingTable(.make("embed", values, shape: [4, 3], type: type))
            let rows = Matrix(rows: 3, columns: 7)
            table.gather([3, 0, 3], into: rows.columns(2..<5))
            #expect(rows.row(0) == [0, 0, 4.5, 5, 5.5, 0, 0])
            #expect(rows.row(1) == [0, 0, 0, 0.5, 1, 0, 0])
            #expect(rows.row(2) == rows.row(0))
        }
    }
}
