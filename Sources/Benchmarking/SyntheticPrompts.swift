import Generation
import Imaging
import Models
import Probing
import Tensors

/// Prompts of random tokens and pictures of noise; no two of them share more than their first token.
struct SyntheticPrompts {
    private let model: VisionLanguageModel
    private var generator = SplitMix64(seed: 7)

    init(_ model: VisionLanguageModel) {
        self.model = model
    }

    /// A prompt of `length` words.
    mutating func text(_ length: Int) -> PreparedPrompt {
        let ids = words(length)
        return PreparedPrompt(layout: PromptLayout(tokens: tokens(ids, at: 0), images: []), ids: ids, images: [])
    }

    /// A prompt as probes see it: five words, a picture, twelve words; 593 positions with 576 image tokens.
    mutating func picture(_ embeddings: Matrix, _ image: PreparedImage) -> PreparedPrompt {
        let (before, after) = (words(5), words(12))
        let positions = before.count..<before.count + embeddings.rows
        let placement = ImagePlacement(
            imageID: "img_noise_\(generator.next())",
            geometry: image.geometry,
            positions: positions
        )
        let layout = PromptLayout(
            tokens: tokens(before, at: 0) + tokens(after, at: positions.upperBound),
            images: [placement]
        )
        let image = Array(repeating: model.imageTokenID, count: embeddings.rows)
        return PreparedPrompt(layout: layout, ids: before + image + after, images: [embeddings])
    }

    /// A square picture of noise, larger than any tower's input.
    mutating func noise() -> RGBImage {
        let side = 448
        let pixels = (0..<side * side * 3).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        return RGBImage(width: side, height: side, pixels: pixels)
    }

    // MARK: - Private

    private mutating func words(_ count: Int) -> [Int] {
        let first = 3
        let size = model.decoder.configuration.vocabularySize
        return (0..<count).map { _ in
            let id = first + Int(generator.next() % UInt64(size - first))
            return id == model.imageTokenID ? first : id
        }
    }

    private func tokens(_ ids: [Int], at start: Int) -> [PromptLayout.Token] {
        ids.enumerated().map { PromptLayout.Token(position: start + $0, id: $1, text: "", kind: .question) }
    }
}
