import Models
import Tokenization

extension PromptPreparer {
    /// A prompt that goes on after `context` with one more question: the same positions, then those of the new turn,
    /// without a second BOS. Words of the former question count as history.
    ///
    /// It is meant for a run whose cache has passed the context, so it carries no pictures.
    public func prompt(asking question: String, after context: PreparedPrompt) async throws -> PreparedPrompt {
        try await queue.run { _ in
            let turn = self.assembler.encoder.encode(self.model.template.renderTurn(question), addSpecialTokens: false)
            let before = context.layout.tokens.map { token in
                PromptLayout.Token(
                    position: token.position,
                    id: token.id,
                    text: token.text,
                    kind: token.kind == .question ? .history : token.kind
                )
            }
            let after = try turn.tokens.enumerated().map { index, token in
                PromptLayout.Token(
                    position: context.layout.length + index,
                    id: try self.assembler.checked(token.id),
                    text: token.text,
                    kind: PositionKind(token.kind)
                )
            }
            try self.assembler.checkLength(context.layout.length + after.count, parameter: "question")
            return PreparedPrompt(
                layout: PromptLayout(tokens: before + after, images: context.layout.images),
                ids: context.ids + after.map(\.id),
                images: [],
                answerPrefix: []
            )
        }
    }
}
