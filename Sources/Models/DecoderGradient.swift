public import Tensors
import Weights

/// What a backward pass found.
public struct DecoderGradientResult: Sendable {
    /// The target's logit at the last position of each sequence.
    public let logits: [Float]
    /// Its gradient by the decoder's inputs before any change, `[sequences · length, hidden]`.
    public let gradients: Matrix
    /// Gradient-weighted attention relevancy of each position for the last one, `[sequences · length]`: the last row
    /// of R, where R starts as the identity and every layer makes it R + ĀR, with Ā the mean over heads of
    /// max(0, A · dy/dA) and A the attention after all changes (Chefer et al. 2021, arXiv 2103.15679, equations 5 and 6).
    public let relevance: [Float]
}

/// Gradients of a next-token logit by the decoder's input embeddings.
///
/// The pass may be changed by other probes at every site: gradients go through what their changes leave of the model, and
/// end where a change puts something else in place of a state.
///
/// Everything is computed in f32 with the weights as they are stored, whatever format the resident ones have: with f32
/// ones the logits are those of generation. Forward passes keep the residual stream before each block alone; a block's
/// other states are computed again when its turn to go backwards comes. Blocks are packed one at a time, so that beside
/// the rows no more than one block's weights, both ways round, are in memory.
public struct DecoderGradient: Sendable {
    private let decoder: LlamaDecoder
    private let scratch: LlamaScratchStore
    private var configuration: DecoderConfiguration { decoder.configuration }

    /// Gradients through `decoder`.
    public init(_ decoder: LlamaDecoder) {
        self.decoder = decoder
        scratch = LlamaScratchStore(decoder.configuration)
    }

    /// Whether the weights can be read as they were stored; those that were packed into a file cannot.
    public var isAvailable: Bool { decoder.stored.isReadable }

    /// Bytes that a pass over `rows` rows takes beside the resident model.
    public func byteCount(rows: Int) -> Int {
        let hidden = configuration.hiddenSize
        let attention = configuration.heads * configuration.headDim
        let states = (configuration.layers + 7) * hidden + 2 * attention + 3 * configuration.queryKeyValueWidth
        let block = hidden * (configuration.queryKeyValueWidth + attention + 3 * configuration.intermediateSize)
        let largest = 2 * hidden * configuration.intermediateSize
        // Each way round once, and a transposed matrix before it is packed.
        let weights = 2 * block + largest
        return (rows * (states + 5 * configuration.intermediateSize) + weights) * MemoryLayout<Float>.stride
    }

    /// The target's logit at the end of each sequence of `length` rows of `inputs`, `[sequences · length, hidden]`.
    ///
    /// - Parameters:
    ///   - changes: changes attention and states, the same way in every sequence.
    ///   - check: called between blocks; what it throws ends the pass.
    public func logits(
        _ inputs: Matrix,
        length: Int,
        target: Int,
        changes: (any DifferentiableHooks)? = nil,
        check: () throws -> Void = {}
    ) throws -> [Float] {
        let pass = pass(length, changes)
        let states = copy(inputs)
        try forward(states, pass, check: check) { _ in }
        _ = pass.changeResidual(states, before: configuration.layers)
        return try logits(of: states, length: length, target: target)
    }

    /// The same with its gradients; see `logits`.
    public func callAsFunction(
        _ inputs: Matrix,
        length: Int,
        target: Int,
        changes: (any DifferentiableHooks)? = nil,
        check: () throws -> Void = {}
    ) throws -> DecoderGradientResult {
        let pass = pass(length, changes)
        let states = copy(inputs)
        var checkpoints: [Matrix] = []
        try forward(states, pass, check: check) { checkpoints.append(copy($0)) }
        let pullback = pass.changeResidual(states, before: configuration.layers)
        let logits = try logits(of: states, length: length, target: target)
        let gradients = try gradientOfLogit(states, pass, target: target)
        pullback(gradients)
        var relevance = (0..<inputs.rows).map { Float($0 % length == length - 1 ? 1 : 0) }
        for layer in (0..<configuration.layers).reversed() {
            try check()
            let entering = checkpoints.removeLast()
            let additions = try pass.backward(gradients, through: layer, from: entering, relevance: relevance)
            relevance = zip(relevance, additions).map { $0 + $1 }
        }
        return DecoderGradientResult(logits: logits, gradients: gradients, relevance: relevance)
    }

    // MARK: - Private

    private func pass(_ length: Int, _ changes: (any DifferentiableHooks)?) -> BlockPass {
        BlockPass(decoder: decoder, scratch: scratch, length: length, changes: changes)
    }

    private func copy(_ matrix: Matrix) -> Matrix {
        let copy = Matrix(unwrittenRows: matrix.rows, columns: matrix.columns)
        copy.copy(from: matrix)
        return copy
    }

    /// Brings `states` through all blocks; `visit` sees what comes to each, before any change there.
    private func forward(
        _ states: Matrix,
        _ pass: BlockPass,
        check: () throws -> Void,
        visit: (Matrix) -> Void
    ) throws {
        for layer in 0..<configuration.layers {
            try check()
            visit(states)
            _ = pass.changeResidual(states, before: layer)
            try pass.forward(states, through: layer)
        }
    }

    private func lastRows(_ matrix: Matrix, length: Int) -> [Matrix] {
        stride(from: length - 1, to: matrix.rows, by: length).map { matrix.rows($0..<$0 + 1) }
    }

    private func logits(of states: Matrix, length: Int, target: Int) throws -> [Float] {
        let weights = try decoder.stored.headRow(target).row(0)
        let normed = Matrix(rows: 1, columns: states.columns)
        return lastRows(states, length: length).map { last in
            decoder.compute.rmsNorm(last, weight: decoder.finalNorm, epsilon: configuration.epsilon, into: normed)
            return Float(zip(normed.row(0), weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
        }
    }

    /// The gradient of the target's logit by the states that the final norm reads: nothing but in each last row.
    private func gradientOfLogit(_ states: Matrix, _ pass: BlockPass, target: Int) throws -> Matrix {
        let gradients = Matrix(rows: states.rows, columns: states.columns)
        let row = try decoder.stored.headRow(target)
        let last = lastRows(states, length: pass.length)
        for (state, result) in zip(last, lastRows(gradients, length: pass.length)) {
            pass.addNormGradient(row, at: state, weight: decoder.finalNorm, to: result)
        }
        return gradients
    }
}
