/// A prompt as far as it is known before the vision tower sees its pictures.
public struct PromptOutline: Sendable {
    /// The prompt; pictures that the tower has not seen yet have zeros as embeddings and no norms.
    public let prompt: PreparedPrompt
    /// Image tokens that the tower would still have to make.
    public let unseenTokens: Int
    /// The prompt's pictures, in its order.
    let pictures: [ReadPicture]
}
