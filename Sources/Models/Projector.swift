import Tensors
import Weights

/// LLaVA's two-layer MLP from vision features to the decoder's embedding space.
struct Projector: Sendable {
    private let first, second: Linear
    private let activation: Activation
    private let compute: Compute

    init(_ configuration: LlavaConfiguration, weights: WeightScope, format: WeightFormat, compute: Compute) throws {
        let inputs = configuration.vision.hiddenSize * configuration.featureLayers.count
        let outputs = configuration.text.hiddenSize
        func linear(_ name: String, inputs: Int) throws -> Linear {
            try weights.linear(
                [(name, outputs)],
                inputs: [inputs],
                bias: configuration.projectorBias,
                format: format,
                compute: compute
            )
        }
        first = try linear("linear_1", inputs: inputs)
        second = try linear("linear_2", inputs: outputs)
        activation = try Activation(named: configuration.projectorActivation, at: "projector_hidden_act")
        self.compute = compute
    }

    var byteCount: Int { first.byteCount + second.byteCount }

    /// Image embeddings `[tokens, hidden]` of features `[tokens, visionHidden · states]`.
    func callAsFunction(_ features: Matrix) -> Matrix {
        let inner = Matrix(rows: features.rows, columns: first.outputs)
        compute.linear(features, first, into: inner, activation: activation)
        let embeddings = Matrix(rows: features.rows, columns: second.outputs)
        compute.linear(inner, second, into: embeddings)
        return embeddings
    }
}
