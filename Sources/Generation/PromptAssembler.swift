import Models
import Tokenization

/// Renders messages by the model's template, tokenizes them, and puts the pictures' tokens where they belong.
struct PromptAssembler: Sendable {
    let model: VisionLanguageModel
    let encoder: PromptEncoder

    init(_ model: VisionLanguageModel) {
        self.model = model
        encoder = PromptEncoder(model.tokenizer)
    }

    /// Expands each picture's placeholder to its tokens; `order` are the pictures as they appear.
    func assemble(
        _ messages: [ChatMessage],
        _ pictures: [(picture: ReadPicture, tokens: Int)]
    ) throws -> (layout: PromptLayout, ids: [Int], order: [Int]) {
        let encoded = encoder.encode(try segments(messages))
        var ids: [Int] = []
        var tokens: [PromptLayout.Token] = []
        var placements: [ImagePlacement] = []
        var order: [Int] = []
        for token in encoded.tokens {
            let position = ids.count
            if case .image(let index) = token.kind {
                let (picture, count) = pictures[index]
                ids += Array(repeating: model.imageTokenID, count: count)
                placements.append(
                    ImagePlacement(
                        imageID: picture.source.id,
                        geometry: picture.geometry,
                        positions: position..<position + count
                    )
                )
                order.append(index)
            } else {
                ids.append(try checked(token.id))
                let kind = PositionKind(token.kind)
                tokens.append(PromptLayout.Token(position: position, id: token.id, text: token.text, kind: kind))
            }
        }
        try checkLength(ids.count)
        return (PromptLayout(tokens: tokens, images: placements), ids, order)
    }

    /// A conversation's prompt, up to where the answer begins.
    func segments(_ messages: [ChatMessage]) throws(PromptError) -> [PromptSegment] {
        do { return try model.template.render(messages, closing: model.closing) } catch {
            throw PromptError(code: nil, parameter: "messages", message: error.description)
        }
    }

    /// A tokenizer may know more tokens than the model has embeddings for.
    func checked(_ id: Int) throws(PromptError) -> Int {
        let rows = model.decoder.configuration.vocabularySize
        guard id < rows else {
            throw PromptError(
                code: nil,
                parameter: "messages",
                message:
                    "messages: token \(id) has no embedding; the model has \(rows) (does the tokenizer belong to it?)"
            )
        }
        return id
    }

    /// Refuses a prompt that leaves no room for an answer.
    func checkLength(_ length: Int, parameter: String = "messages") throws(PromptError) {
        guard length < model.contextLength else {
            throw PromptError(
                code: "context_length_exceeded",
                parameter: parameter,
                message:
                    "\(parameter): the prompt has \(length) positions; the context of \(model.contextLength) must leave "
                    + "room for at least one token"
            )
        }
    }
}

extension PositionKind {
    init(_ kind: PromptKind) {
        self =
            switch kind {
            case .bos: .bos
            case .system: .system
            case .template: .template
            case .question: .question
            case .history: .history
            case .image: .image
            case .answerPrefix: .prefix
            }
    }
}
