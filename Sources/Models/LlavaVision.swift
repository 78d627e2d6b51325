public import Imaging
public import Tensors
import Weights

/// LLaVA's way from pixels to embeddings: CLIP tower, chosen states and positions, projector.
public struct LlavaVision: VisionEncoder {
    private let configuration: LlavaConfiguration
    private let tower: ClipTower
    private let projector: Projector

    init(
        _ configuration: LlavaConfiguration,
        tower: WeightScope,
        projector: WeightScope,
        format: WeightFormat,
        compute: Compute
    ) throws {
        self.configuration = configuration
        self.tower = try ClipTower(
            configuration.vision,
            states: configuration.featureLayers,
            weights: tower,
            format: format,
            compute: compute
        )
        self.projector = try Projector(configuration, weights: projector, format: format, compute: compute)
    }

    /// Bytes of the packed weights.
    public var byteCount: Int { tower.byteCount + projector.byteCount }

    /// Image tokens of every picture.
    public var standardTokenCount: Int { configuration.imageTokens }

    /// The same for every picture.
    public func tokenCount(_ image: PreparedImage) -> Int { configuration.imageTokens }

    /// Embeddings `[tokens, hidden]`.
    public func encode(_ image: PreparedImage, hooks: (any VisionHooks)?) -> Matrix {
        projector(features(image, hooks: hooks))
    }

    /// The sizes of what the tower computes.
    public var shape: VisionShape { tower.shape }

    /// The tower's chosen states side by side, `[tokens, visionHidden · states]`.
    public func features(_ image: PreparedImage, hooks: (any VisionHooks)? = nil) -> Matrix {
        let vision = configuration.vision
        let patches = Matrix(
            rows: vision.positions - 1,
            columns: 3 * vision.patchSize * vision.patchSize,
            values: image.patches(size: vision.patchSize)
        )
        let states = tower(patches, states: configuration.featureLayers, hooks: hooks)
        let first = configuration.strategy == .default ? 1 : 0
        let width = vision.hiddenSize
        let features = Matrix(rows: vision.positions - first, columns: width * configuration.featureLayers.count)
        for (index, layer) in configuration.featureLayers.enumerated() {
            guard let state = states[layer] else { continue }
            features.columns(index * width..<(index + 1) * width).copy(from: state.rows(first..<vision.positions))
        }
        return features
    }
}
