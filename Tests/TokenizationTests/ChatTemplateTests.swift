import Testing

@testable import Tokenization

@Suite("Chat templates")
struct ChatTemplateTests {
    private func prompt(_ template: ChatTemplate, _ messages: [ChatMessage]) throws -> String {
        try template.render(messages).map(\.text).joined()
    }

    private let conversation = [
        ChatMessage(role: .user, parts: [.image(0), .text("q")]),
        ChatMessage(role: .assistant, text: "a"),
        ChatMessage(role: .user, text: "q2"),
    ]

    @Test("the bare form has no system sentence")
    func rendersBare() throws {
        #expect(try prompt(.bare, conversation) == "USER: <image>\nq ASSISTANT: a</s>USER: q2 ASSISTANT:")
    }

    @Test("the LLaVA form starts with the published sentence")
    func rendersLlava() throws {
        let sentence =
            "A chat between a curious human and an artificial intelligence assistant. "
            + "The assistant gives helpful, detailed, and polite answers to the human's questions."
        let expected = sentence + " USER: <image>\nq ASSISTANT: a</s>USER: q2 ASSISTANT:"
        #expect(try prompt(.llavaV1, conversation) == expected)
    }

    @Test("a system message takes the sentence's place", arguments: ChatTemplate.allCases)
    func replacesSystem(template: ChatTemplate) throws {
        let messages = [ChatMessage(role: .system, text: "Be brief."), ChatMessage(role: .user, text: "q")]
        #expect(try prompt(template, messages) == "Be brief. USER: q ASSISTANT:")
    }

    @Test("images come first, each with its line break")
    func putsImagesFirst() throws {
        let parts: [ChatMessage.Part] = [.text("a"), .image(0), .text("b"), .image(1)]
        let segments = try ChatTemplate.bare.render([ChatMessage(role: .user, parts: parts)])
        #expect(segments.map(\.text).joined() == "USER: <image>\n<image>\na b ASSISTANT:")
        #expect(segments.map(\.kind) == [.template, .image(0), .template, .image(1), .template, .question, .template])
    }

    @Test("text is kept to the byte", arguments: ["  padded \n", "\n", "", "e\u{301}"])
    func keepsText(text: String) throws {
        let expected = "USER: \(text) ASSISTANT:"
        let rendered = try prompt(.bare, [ChatMessage(role: .user, text: text)])
        #expect(Array(rendered.utf8) == Array(expected.utf8))
    }

    @Test("a last answer stays open", arguments: [("It is", " ASSISTANT: It is"), ("", " ASSISTANT:")])
    func leavesLastAnswerOpen(answer: String, ending: String) throws {
        let messages = [ChatMessage(role: .user, text: "q"), ChatMessage(role: .assistant, text: answer)]
        #expect(try prompt(.bare, messages) == "USER: q\(ending)")
    }

    @Test("two user turns in a row are two turns")
    func keepsUserTurnsApart() throws {
        let messages = [ChatMessage(role: .user, text: "a"), ChatMessage(role: .user, text: "b")]
        let segments = try ChatTemplate.bare.render(messages)
        #expect(segments.map(\.text).joined() == "USER: a USER: b ASSISTANT:")
        #expect(segments.filter { $0.kind == .history }.map(\.text) == ["a"])
        #expect(segments.filter { $0.kind == .question }.map(\.text) == ["b"])
    }

    @Test(
        "conversations that cannot be rendered are refused",
        arguments: [
            ([], .noMessages),
            ([ChatMessage(role: .system, text: "s")], .noUserTurn),
            ([ChatMessage(role: .assistant, text: "a"), ChatMessage(role: .user, text: "q")], .answerWithoutQuestion),
            (
                [ChatMessage(role: .user, text: "q"), ChatMessage(role: .assistant, parts: [.image(0)])],
                .imageOutsideUserTurn(message: 1, role: .assistant)
            ),
        ] as [([ChatMessage], ChatTemplateError)]
    )
    func refuses(messages: [ChatMessage], error: ChatTemplateError) {
        #expect(throws: error) { try ChatTemplate.llavaV1.render(messages) }
    }

    @Test("the published Jinja template is the bare form")
    func detectsPublished() throws {
        let published = try PromptExpectations.load().template
        #expect(ChatTemplate.detect(checkpointTemplate: published, family: "llava") == .bare)
        let commented = "{# another form #}\n{%- set x = 'anything' -%}" + published
        #expect(ChatTemplate.detect(checkpointTemplate: commented, family: "llava") == .bare)
    }

    @Test("the published template with the system sentence is the LLaVA form", arguments: ["'", "\""])
    func detectsSystemSentence(quote: String) throws {
        let published = try PromptExpectations.load().template
        let escaped = ChatTemplate.vicunaSystemSentence.replacing("'", with: "\\'")
        let template = "{{ \(quote)\(escaped) \(quote) }}" + published
        #expect(ChatTemplate.detect(checkpointTemplate: template) == .llavaV1)
        #expect(
            ChatTemplate.detect(checkpointTemplate: ChatTemplate.vicunaSystemSentence + " " + published) == .llavaV1
        )
    }

    @Test(
        "other templates give the family's, else bare",
        arguments: [
            nil, "", "{{ '<|im_start|>' + role + '<image>' }} ASSISTANT:", "{{ 'unclosed", "{", "{{{{{%",
            "[INST] <image> ASSISTANT:",
        ]
    )
    func fallsBack(template: String?) {
        #expect(ChatTemplate.detect(checkpointTemplate: template, family: "llava") == .llavaV1)
        #expect(ChatTemplate.detect(checkpointTemplate: template) == .bare)
    }
}
