/// The tokens put around a text: `post_processor` in `tokenizer.json`, for single sequences.
struct PostProcessor: Sendable {
    private var before: [Int] = []
    private var after: [Int] = []

    private static let known = ["TemplateProcessing", "ByteLevel", "Sequence", "BertProcessing", "RobertaProcessing"]

    init(_ field: JSONField?) throws(TokenizerError) {
        guard let field else { return }
        let type = try field.type()
        switch type {
        case "TemplateProcessing": try readTemplate(field)
        // Only trims offsets, and these here are exact without it.
        case "ByteLevel": break
        case "Sequence":
            for part in try field.required("processors").elements() {
                let inner = try PostProcessor(part)
                before = inner.before + before
                after += inner.after
            }
        case "BertProcessing", "RobertaProcessing":
            before = [try Self.pairedID(field.required("cls"))]
            after = [try Self.pairedID(field.required("sep"))]
        default: throw field.unsupported("post-processor", type, known: Self.known)
        }
    }

    /// The tokens of a text with those of the template around them.
    func process(_ spans: [TokenSpan], textLength: Int) -> [TokenSpan] {
        let start = before.map { TokenSpan(id: $0, range: 0..<0, isFromTemplate: true) }
        let end = after.map { TokenSpan(id: $0, range: textLength..<textLength, isFromTemplate: true) }
        return start + spans + end
    }

    // MARK: - Private

    private mutating func readTemplate(_ field: JSONField) throws(TokenizerError) {
        var sawText = false
        for element in try field.required("single").elements() {
            if element.optional("Sequence") != nil {
                guard !sawText else { throw element.wrongType("a special token: the text is already in the template") }
                sawText = true
            } else {
                let name = try element.required("SpecialToken").required("id").string()
                let token = try field.required("special_tokens").required(name)
                for id in try token.required("ids").elements() {
                    let id = try id.count(limit: Vocabulary.idLimit - 1)
                    if sawText { after.append(id) } else { before.append(id) }
                }
            }
        }
        guard sawText else { throw field.wrongType("a template that holds the sequence A") }
    }

    /// The id in `["[CLS]", 101]`.
    private static func pairedID(_ field: JSONField) throws(TokenizerError) -> Int {
        let parts = try field.elements()
        guard parts.count == 2 else { throw field.wrongType("a token and its id") }
        return try parts[1].count(limit: Vocabulary.idLimit - 1)
    }
}
