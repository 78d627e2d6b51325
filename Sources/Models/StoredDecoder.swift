import Tensors
import Weights

/// A decoder's weights as their source stores them, for what needs them in another form than the packed one.
///
/// Holds no copy: tensors are mapped.
struct StoredDecoder: Sendable {
    let configuration: DecoderConfiguration
    let inverseFrequencies: [Float]
    private let body: WeightScope
    private let head: WeightScope?

    /// Weights below `body`; `head` holds the output head's, `nil` for a tied one.
    init(_ configuration: DecoderConfiguration, body: WeightScope, head: WeightScope?) {
        self.configuration = configuration
        self.body = body
        self.head = head
        inverseFrequencies = configuration.ropeScaling.inverseFrequencies(
            theta: configuration.ropeTheta,
            headDim: configuration.headDim
        )
    }

    /// Whether the matrices can be read; those that were packed into a file cannot.
    var isReadable: Bool {
        do {
            _ = try headTable()
            _ = try tensors(layer: 0).down.stored()
            return true
        } catch {
            return false
        }
    }

    func tensors(layer: Int) throws(WeightsError) -> LlamaBlockTensors {
        try LlamaBlockTensors(configuration, from: body.scope("layers.\(layer)"))
    }

    /// A block that multiplies with these weights in `format`.
    func block(layer: Int, format: WeightFormat, compute: Compute) throws -> LlamaBlock {
        try LlamaBlock(
            configuration,
            layer: layer,
            inverseFrequencies: inverseFrequencies,
            tensors: tensors(layer: layer),
            format: format,
            compute: compute
        )
    }

    /// The output head's row of one vocabulary id, `[1, hidden]`.
    func headRow(_ id: Int) throws(WeightsError) -> Matrix {
        let row = Matrix(rows: 1, columns: configuration.hiddenSize)
        EmbeddingTable(try headTable()).gather([id], into: row)
        return row
    }

    private func headTable() throws(WeightsError) -> StoredTensor {
        let shape = [configuration.vocabularySize, configuration.hiddenSize]
        guard let head else { return try body.tensor("embed_tokens.weight", shape: shape) }
        return try head.tensor("lm_head.weight", shape: shape)
    }
}
