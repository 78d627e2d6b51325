import Foundation
import Generation
import ModelFixtures
import Models
import Tensors
import Testing
import Tokenization

@Suite struct PromptPreparerTests {
    @Test func aPromptThatFillsTheContextIsRefusedBeforeWorkStarts() async throws {
        let length = try await ModelFixture.mhaCrop.model().prompt("What is it?").ids.count
        let model = try ModelFixture.mhaCrop.model(context: length)
        let error = await #expect(throws: PromptError.self) { try await model.prompt("What is it?") }
        #expect(error?.code == "context_length_exceeded")
        #expect(error?.message.contains("\(length)") == true)
        let roomier = try ModelFixture.mhaCrop.model(context: length + 1)
        #expect(try await roomier.prompt("What is it?").ids.count == length)
    }

    @Test func theTokenLimitIsWhatTheContextLeaves() async throws {
        let length = try await ModelFixture.mhaCrop.model().prompt("What is it?").ids.count
        let model = try ModelFixture.mhaCrop.model(context: length + 10)
        let preparer = PromptPreparer(model: model)
        let prompt = try await model.prompt("What is it?")
        #expect(try preparer.tokenLimit(prompt, requested: nil) == 10)
        #expect(try preparer.tokenLimit(prompt, requested: 10) == 10)
        #expect(try preparer.tokenLimit(prompt, requested: 0) == 0)
        let error = #expect(throws: PromptError.self) { try preparer.tokenLimit(prompt, requested: 11) }
        #expect(error?.code == "context_length_exceeded")
        #expect(error?.parameter == "max_tokens")
        #expect(error?.message.contains("11") == true && error?.message.contains("leaves 10") == true)
        let whole = try ModelFixture.mhaCrop.model()
        #expect(try PromptPreparer(model: whole).tokenLimit(await whole.prompt("What is it?"), requested: nil) == 1024)
    }

    @Test func anAnswerUpToTheContextsEndRuns() async throws {
        let length = try await ModelFixture.mhaCrop.model().prompt("Hi").ids.count
        let model = try ModelFixture.mhaCrop.model(context: length + 3)
        let result = await InferenceEngine(model: model).result(
            of: GenerationRequest(prompt: try await model.prompt("Hi"), maxTokens: 3)
        )
        #expect(try #require(result).tokens.count <= 3)
    }

    @Test(arguments: ["", "not a picture", "\u{ff}\u{d8}"])
    func aPictureThatIsNoneIsAnErrorWithItsPath(bytes: String) async throws {
        let model = try ModelFixture.mhaCrop.model()
        let picture = PromptImage(id: "img_x", bytes: Data(bytes.utf8), path: "messages[0].content[1]")
        let message = ChatMessage(role: .user, parts: [.image(0), .text("What?")])
        let error = await #expect(throws: PromptError.self) {
            try await PromptPreparer(model: model).prepare([message], images: [picture])
        }
        #expect(error?.code == "invalid_image")
        #expect(error?.parameter == "messages[0].content[1]")
    }

    @Test func noMessagesAreAnError() async throws {
        let model = try ModelFixture.mhaCrop.model()
        await #expect(throws: PromptError.self) { try await PromptPreparer(model: model).prepare([], images: []) }
    }

    @Test func aLayoutNeedsNoPassOfTheTowerAndIsThePromptsOwn() async throws {
        let model = try ModelFixture.gqaPad.model()
        let messages = [ChatMessage(role: .user, parts: [.image(0), .text("What?")])]
        let pictures = [try ModelFixture.picture("tower.jpg")]
        let layout = try await PromptPreparer(model: model).outline(messages, images: pictures).prompt.layout
        let prompt = try await model.prompt("What?", pictures: ["tower.jpg"])
        #expect(layout.tokens == prompt.layout.tokens)
        #expect(layout.kinds == prompt.layout.kinds)
    }

    @Test func aDictatedAnswerIsThePrefixOfTheModels() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let messages = [
            ChatMessage(role: .user, parts: [.image(0), .text("What is it?")]),
            ChatMessage(role: .assistant, text: "It is a"),
        ]
        let prompt = try await model.prompt(messages, pictures: ["field.jpg"])
        #expect(!prompt.answerPrefix.isEmpty)
        #expect(Array(prompt.ids.suffix(prompt.answerPrefix.count)) == prompt.answerPrefix)
        #expect(prompt.layout.positions(named: "prefix")?.count == prompt.answerPrefix.count)
    }

    @Test func aTargetIsScoredByItsFirstTokenBehindThePrompt() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let preparer = PromptPreparer(model: model)
        let question = ChatMessage(role: .user, text: "Is it?")
        let ids = try await preparer.continuations(["Yes", ""], of: [question])
        let id = try #require(ids[0])
        let before = try await model.prompt([question], pictures: []).ids
        let after = try await model.prompt([question, ChatMessage(role: .assistant, text: "Yes")], pictures: []).ids
        #expect(after.starts(with: before))
        #expect(after[before.count] == id)
    }

    @Test func aPictureThatManyAskForAtOnceIsSeenOnce() async throws {
        let model = try ModelFixture.gqaPad.model()
        let preparer = PromptPreparer(model: model, pictureBytes: 1 << 24)
        let pictures = [try ModelFixture.picture("tower.jpg"), try ModelFixture.picture("tower.jpg")]
        let message = ChatMessage(role: .user, parts: [.image(0), .image(1), .text("Same?")])
        let cold = try await PromptPreparer(model: model).prepare([message], images: pictures)
        let prompts = try await withThrowingTaskGroup(of: PreparedPrompt.self) { group in
            for _ in 0..<8 { group.addTask { try await preparer.prepare([message], images: pictures) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for prompt in prompts {
            #expect(prompt.images.map(\.values) == cold.images.map(\.values))
            #expect(prompt.layout.images.map(\.norms) == cold.layout.images.map(\.norms))
            #expect(prompt.layout.images[1].geometry == cold.layout.images[1].geometry)
        }
        let statistics = preparer.pictureStatistics
        #expect(statistics.entries == 1 && statistics.misses == 1 && statistics.hits == 7)
        _ = try await preparer.prepare([message], images: [pictures[0], try ModelFixture.picture("field.jpg")])
        #expect(preparer.pictureStatistics.entries == 2)
    }

    @Test func pictureEmbeddingsStayWithinTheirLimit() async throws {
        let model = try ModelFixture.mhaCrop.model()
        let one = try await model.prompt("?").images[0]
        let bytes = one.rows * one.columns * MemoryLayout<Float>.stride
        let preparer = PromptPreparer(model: model, pictureBytes: bytes * 3 / 2)
        let message = ChatMessage(role: .user, parts: [.image(0), .text("?")])
        for name in ["field.jpg", "tower.jpg", "field.jpg"] {
            _ = try await preparer.prepare([message], images: [try ModelFixture.picture(name)])
        }
        let statistics = preparer.pictureStatistics
        #expect(statistics.entries == 1 && statistics.bytes == bytes)
        #expect(statistics.evictions == 2 && statistics.hits == 0 && statistics.misses == 3)
    }
}
