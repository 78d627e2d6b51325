/// Who compares the objects of two texts.
public enum Judge: Sendable {
    /// Words alone.
    case lexical(LexicalJudge)
    /// A language model behind an OpenAI-compatible API.
    case external(ExternalJudge)

    /// Compares the objects that `candidate` names with those of `reference`.
    public func judge(reference: String, candidate: String) async throws -> Judgement {
        switch self {
        case .lexical(let judge): judge.judge(reference: reference, candidate: candidate)
        case .external(let judge): try await judge.judge(reference: reference, candidate: candidate)
        }
    }
}
