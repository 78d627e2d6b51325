import Models
import Tensors

/// How much arithmetic and memory traffic a model's matrices are: what shares of a ceiling are shares of.
///
/// Only products with weights count, two operations for a parameter and position. Attention, norms and activations are
/// work too, which makes the shares lower than what the units really do.
struct Work {
    let decoder: DecoderConfiguration
    let decoderBytes: Int

    /// Parameters of the blocks' matrices.
    var blockParameters: Double {
        let hidden = Double(decoder.hiddenSize)
        let attention = Double(2 * decoder.heads + 2 * decoder.keyValueHeads) * Double(decoder.headDim)
        return Double(decoder.layers) * hidden * (attention + 3 * Double(decoder.intermediateSize))
    }

    /// Parameters of the head.
    var headParameters: Double { Double(decoder.hiddenSize) * Double(decoder.vocabularySize) }

    /// Operations of a prefill, whose head runs once.
    func prefill(_ tokens: Int) -> Double { 2 * (blockParameters * Double(tokens) + headParameters) }

    /// Operations of one decoded token.
    var decodedToken: Double { 2 * (blockParameters + headParameters) }
}

extension ClipConfiguration {
    /// Operations of the products with weights up to state `last` for one picture.
    func operations(throughState last: Int) -> Double {
        let hidden = Double(hiddenSize)
        let block = hidden * (4 * hidden + 2 * Double(intermediateSize))
        let patches = Double(3 * patchSize * patchSize) * hidden * Double(positions - 1)
        return 2 * (block * Double(last) * Double(positions) + patches)
    }
}

extension LlavaConfiguration {
    /// Operations of tower and projector for one picture.
    var visionOperations: Double {
        let width = Double(text.hiddenSize)
        let projector = (Double(vision.hiddenSize * featureLayers.count) + width) * width * Double(imageTokens)
        return vision.operations(throughState: featureLayers.max() ?? 0) + 2 * projector
    }
}
