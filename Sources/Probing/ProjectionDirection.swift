/// The direction that `project_away` removes.
public enum ProjectionDirection: Sendable, Equatable {
    /// The direction along which the logit lens reads a word: the unembedding of the first token with which the word
    /// continues the prompt, times the weight of the final norm.
    case word(String)
    /// The same for a token id.
    case token(Int)
    /// A vector of the residual stream.
    case vector(NumberBlock)

    init(_ field: ProbeField) throws(ProbeError) {
        if let word = try field.object().member("word") {
            self = .word(try word.string())
        } else if let token = field.member("token") {
            self = .token(try token.integer())
        } else if let vector = field.member("vector") {
            self = .vector(try NumberBlock(vector))
        } else {
            throw .invalid(field.path, "must be {\"word\":…}, {\"token\":id} or {\"vector\":[…]}")
        }
    }
}
