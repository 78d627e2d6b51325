import Foundation
import Tensors
import Testing

/// Backward kernels against difference quotients of their forward formulas in f64.
@Suite struct BackwardTests {
    private let compute = Compute(threads: 2)

    @Test(arguments: [1, 7, 16, 33, 128])
    func rmsNorm(width: Int) {
        var numbers = Numbers(seed: UInt64(width))
        let (x, gradient) = (numbers.matrix(3, width), numbers.matrix(3, width))
        let (weight, before) = (numbers.list(width), numbers.list(3 * width))
        let result = Matrix(rows: 3, columns: width, values: before)
        compute.rmsNormBackward(x, weight: weight, epsilon: 1e-5, gradient: gradient, addingTo: result)
        let expected = slopes(of: x.values) { x in
            (0..<3).reduce(0) { sum, row in
                let values = x[row * width..<(row + 1) * width]
                let inverse = 1 / (values.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
                return sum
                    + zip(values, 0..<width).reduce(0) {
                        $0 + $1.0 * inverse * Double(weight[$1.1]) * Double(gradient[row, $1.1])
                    }
            }
        }
        #expect(distance(result.values, zip(before, expected).map { Double($0) + $1 }) < 2e-4)
    }

    @Test(arguments: [1, 15, 40])
    func siluMultiply(width: Int) {
        var numbers = Numbers(seed: 5)
        let both = Matrix(rows: 2, columns: 2 * width, values: numbers.list(4 * width).map { $0 * 4 })
        let gradient = numbers.matrix(2, width)
        let expected = slopes(of: both.values) { both in
            (0..<2 * width).reduce(0) { sum, index in
                let (row, column) = (index / width, index % width)
                let gate = both[row * 2 * width + column]
                let up = both[row * 2 * width + width + column]
                return sum + gate / (1 + exp(-gate)) * up * Double(gradient[row, column])
            }
        }
        let (gate, up) = (both.columns(0..<width), both.columns(width..<2 * width))
        compute.siluMultiplyBackward(gate: gate, up: up, gradient: gradient)
        #expect(distance(both.values, expected) < 1e-4)
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16])
    func transposedWeights(type: ElementType) {
        var numbers = Numbers(seed: 9)
        let (inputs, outputs) = (37, [5, 40])
        let parts = outputs.map { StoredTensor.make("w", numbers.list($0 * inputs), shape: [$0, inputs], type: type) }
        let stacked = parts.flatMap { $0.floats() }
        let x = numbers.matrix(3, outputs.reduce(0, +))
        let y = Matrix(rows: 3, columns: inputs)
        compute.linear(x, .transposed(parts, compute: compute), into: y)
        let expected = (0..<3 * inputs).map { index in
            (0..<x.columns).reduce(0.0) {
                $0 + Double(x[index / inputs, $1]) * Double(stacked[$1 * inputs + index % inputs])
            }
        }
        #expect(distance(y.values, expected) < 1e-4)
    }

    @Test(arguments: [false, true])
    func attention(isEdited: Bool) {
        let shape = AttentionShape(heads: 4, keyValueHeads: 2, headDim: 6, scale: 0.7)
        let length = 5
        var numbers = Numbers(seed: 3)
        let forward = Matrix(rows: 2 * length, columns: 8 * 6, values: numbers.list(2 * length * 48).map { $0 * 2 })
        let gradient = numbers.matrix(2 * length, 24)
        let weights = numbers.list(2 * length).map(abs)
        let edits = isEdited ? edits(length: length, heads: 4) : nil
        let result = Matrix(rows: forward.rows, columns: forward.columns)
        let relevance = compute.attentionBackward(
            forward,
            contextGradient: gradient,
            length: length,
            shape: shape,
            edits: edits,
            relevance: weights,
            into: result
        )
        let reference = ReferenceAttention(length: length, shape: shape, edits: edits, gradient: gradient)
        let expected = slopes(of: forward.values) { reference.loss($0) }
        #expect(distance(result.values, expected) < 1e-4)
        let sums = reference.relevance(forward.values.map(Double.init), weights: weights.map(Double.init))
        #expect(distance(relevance, sums) < 1e-5)
        let unweighted = Matrix(rows: forward.rows, columns: forward.columns)
        let none = compute.attentionBackward(
            forward,
            contextGradient: gradient,
            length: length,
            shape: shape,
            edits: edits,
            into: unweighted
        )
        #expect(none.isEmpty && bits(unweighted.values) == bits(result.values))
    }

    // MARK: - Private

    /// Some edges removed before the softmax, one row of all; some halved after it.
    private func edits(length: Int, heads: Int) -> AttentionEdits {
        let removed = -Float.infinity
        var edits = AttentionEdits(
            bias: [[removed, 0, 0, 0, 0], Array(repeating: removed, count: length)],
            factor: [[0.5, 1, 0, 1, 2]],
            biasIndex: Array(repeating: -1, count: length * heads),
            factorIndex: Array(repeating: -1, count: length * heads)
        )
        for head in 0..<heads {
            edits.biasIndex[3 * heads + head] = 0
            edits.biasIndex[2 * heads + head] = head == 1 ? 1 : -1
            edits.factorIndex[4 * heads + head] = 0
        }
        return edits
    }

    /// Central difference quotients of `function` by each value.
    private func slopes(of values: [Float], _ function: ([Double]) -> Double) -> [Double] {
        let step = 1e-5
        var point = values.map(Double.init)
        return point.indices.map { index in
            let middle = point[index]
            defer { point[index] = middle }
            point[index] = middle + step
            let above = function(point)
            point[index] = middle - step
            return (above - function(point)) / (2 * step)
        }
    }
}

/// Causal attention in f64, written out.
private struct ReferenceAttention {
    let length: Int
    let shape: AttentionShape
    let edits: AttentionEdits?
    let gradient: Matrix

    private var width: Int { (shape.heads + 2 * shape.keyValueHeads) * shape.headDim }

    /// The sum of all contexts times their gradients.
    func loss(_ values: [Double]) -> Double {
        edges(values).reduce(0) { $0 + $1.probability * $1.slope }
    }

    /// The weighted sums of max(0, A · dy/dA), mean over heads, by key.
    func relevance(_ values: [Double], weights: [Double]) -> [Double] {
        var sums = [Double](repeating: 0, count: gradient.rows)
        for edge in edges(values) {
            sums[edge.key] += weights[edge.row] * max(0, edge.probability * edge.slope) / Double(shape.heads)
        }
        return sums
    }

    /// Every edge with its final probability and the loss's slope by it.
    private func edges(_ values: [Double]) -> [(row: Int, key: Int, probability: Double, slope: Double)] {
        var edges: [(row: Int, key: Int, probability: Double, slope: Double)] = []
        for row in 0..<gradient.rows {
            let (first, index) = (row / length * length, row % length)
            for head in 0..<shape.heads {
                let shared = head / (shape.heads / shape.keyValueHeads)
                func part(_ row: Int, _ column: Int) -> ArraySlice<Double> {
                    let start = row * width + column * shape.headDim
                    return values[start..<start + shape.headDim]
                }
                func vector(_ list: [[Float]]?, _ indices: [Int32]?, _ key: Int, _ none: Double) -> Double {
                    guard let indices, !indices.isEmpty else { return none }
                    let chosen = Int(indices[index * shape.heads + head])
                    return chosen < 0 ? none : Double(list?[chosen][key] ?? 0)
                }
                let scores = (0...index).map { key in
                    Double(shape.scale) * dot(part(row, head), part(first + key, shape.heads + shared))
                        + vector(edits?.bias, edits?.biasIndex, key, 0)
                }
                let weights = scores.map { exp($0) }
                let sum = weights.reduce(0, +)
                for key in 0...index {
                    let probability = sum == 0 ? 0 : weights[key] / sum
                    let value = part(first + key, shape.heads + shape.keyValueHeads + shared)
                    let own = gradient.row(row)[head * shape.headDim..<(head + 1) * shape.headDim].map(Double.init)
                    let factor = vector(edits?.factor, edits?.factorIndex, key, 1)
                    edges.append((row, first + key, probability * factor, dot(own[...], value)))
                }
            }
        }
        return edges
    }

    private func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
