import Foundation
import JSON
import Testing

@testable import Experiments

@Suite struct ExternalJudgeTests {
    private func completion(_ content: String) -> Data {
        let value: JSONValue = ["choices": [["message": ["role": "assistant", "content": .string(content)]]]]
        return value.serialized()
    }

    @Test func theListsAndMatchesAreRead() throws {
        let content =
            "Here:\n```json\n{\"reference\":[\"dog\",\"cat\"],\"candidate\":[\"puppy\"],\"matches\":[[0,0]]}\n```"
        let judgement = try ExternalJudge.judgement(in: completion(content))
        #expect(judgement.referenceObjects == ["dog", "cat"])
        #expect(judgement.truePositives == 1 && judgement.falseNegatives == 1 && judgement.falsePositives == 0)
    }

    @Test(arguments: [
        "I cannot do that.", "{\"reference\":[1],\"candidate\":[],\"matches\":[]}",
        "{\"reference\":[\"a\"],\"candidate\":[\"b\"],\"matches\":[[0,1]]}",
        "{\"reference\":[\"a\"],\"candidate\":[\"b\",\"c\"],\"matches\":[[0,0],[0,1]]}", "{\"reference\":[\"a\"]}",
        "}{",
    ])
    func anythingElseIsAnError(content: String) {
        #expect(throws: JudgeError.self) { try ExternalJudge.judgement(in: completion(content)) }
    }

    @Test func whatIsNoCompletionIsAnError() {
        #expect(throws: JudgeError.self) { try ExternalJudge.judgement(in: Data("<html>".utf8)) }
        #expect(throws: JudgeError.self) { try ExternalJudge.judgement(in: Data("{\"choices\":[]}".utf8)) }
    }

    @Test func aJudgeThatIsNotThereIsAnError() async throws {
        let url = try #require(URL(string: "http://127.0.0.1:1/v1"))
        var configuration = ExternalJudge.Configuration(url: url, key: nil, model: "m")
        configuration.timeout = 2
        let judge = ExternalJudge(configuration)
        await #expect(throws: JudgeError.self) { try await judge.judge(reference: "a", candidate: "b") }
    }
}
