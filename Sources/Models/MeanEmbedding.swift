/// The mean of a model's image embeddings, which ablations put in place of tokens and gradients start from.
public enum MeanEmbedding {
    /// The file beside a checkpoint that holds it, as a tensor `mean_embedding` of `[hidden]`.
    public static let fileName = "mean_embedding.safetensors"

    /// What is to be said where a model has none; `alternatives` can be used instead.
    public static func missing(or alternatives: String) -> String {
        "the model has no \(fileName); make one with: fovea mean-embedding --images DIR --model DIR, or use \(alternatives)"
    }
}
