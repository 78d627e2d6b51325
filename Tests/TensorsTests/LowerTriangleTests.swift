import Tensors
import Testing

@Suite struct LowerTriangleTests {
    private func triangle(_ rows: Int) -> LowerTriangle {
        var triangle = LowerTriangle()
        for row in 0..<rows { triangle.append((0...row).map { Float(row * 10 + $0) }) }
        return triangle
    }

    @Test func aCombinationIsTheProductWithTheRowsSoFar() {
        // 2 · (0) + ½ · (10, 11) - (30, 31, 32, 33)
        #expect(triangle(4).combined([2, 0.5, 0, -1]) == [-25, -25.5, -32, -33])
    }

    @Test func fewerWeightsMeanTheFirstRows() {
        let triangle = triangle(5)
        #expect(triangle.combined([3, 1]) == [10, 11])
        #expect(triangle.combined([]) == [])
        #expect(triangle.count == 5)
    }

    @Test(arguments: [0, 1, 2, 7, 600])
    func numbersAreThoseOfAllRows(rows: Int) {
        #expect(LowerTriangle.numberCount(rows: rows) == (0..<rows).reduce(0) { $0 + $1 + 1 })
    }
}
