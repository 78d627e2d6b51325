import ModelFixtures
import Models
import Probing
import Testing
import Tokenization

@testable import Generation

@Suite struct AnswerDecoderTests {
    @Test(arguments: ModelFixture.allCases, ["A cat.", "a red  car", "naïve 日本 🙂", "x"])
    func theTextsOfTheTokensConcatenateToTheAnswer(fixture: ModelFixture, text: String) throws {
        let tokenizer = try fixture.model().tokenizer
        #expect(decode(tokenizer, tokenizer.encode(text, addSpecialTokens: false)) == text)
    }

    @Test(arguments: ModelFixture.allCases)
    func onlyTheFirstSpaceIsTheTemplates(fixture: ModelFixture) throws {
        let tokenizer = try fixture.model().tokenizer
        let ids = try answer("  two", behind: "ASSISTANT:", tokenizer)
        #expect(decode(tokenizer, ids) == " two")
        #expect(decode(tokenizer, ids, continuesBeginning: true) == "  two")
    }

    @Test(arguments: ModelFixture.allCases)
    func aDictatedBeginningKeepsTheSpaceBehindIt(fixture: ModelFixture) throws {
        let tokenizer = try fixture.model().tokenizer
        #expect(decode(tokenizer, try answer(" car", behind: "It is a", tokenizer), continuesBeginning: true) == " car")
    }

    /// Whatever the ids, the answer is what they add to the prompt's text, less a leading space.
    @Test(arguments: ModelFixture.allCases)
    func anAnswerIsWhatItsTokensAddToThePrompt(fixture: ModelFixture) throws {
        let tokenizer = try fixture.model().tokenizer
        let prompt = tokenizer.encode("USER: Who? ASSISTANT:", addSpecialTokens: true)
        let before = Array(tokenizer.decode(prompt, skipSpecialTokens: true).utf8)
        var generator = SplitMix64(seed: 3)
        for _ in 0..<400 {
            let ids = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                Int.random(in: 0..<tokenizer.vocabularySize, using: &generator)
            }
            var added = Array(tokenizer.decode(prompt + ids, skipSpecialTokens: true).utf8)[...]
            #expect(added.starts(with: before))
            added = added.dropFirst(before.count)
            #expect(Array(decode(tokenizer, ids, continuesBeginning: true).utf8) == Array(added), "\(ids)")
            if added.first == 0x20 { added = added.dropFirst() }
            #expect(Array(decode(tokenizer, ids).utf8) == Array(added), "\(ids)")
        }
    }

    /// The ids of a text behind another.
    private func answer(_ text: String, behind beginning: String, _ tokenizer: Tokenizer) throws -> [Int] {
        let all = tokenizer.encode(beginning + text, addSpecialTokens: false)
        let start = tokenizer.encode(beginning, addSpecialTokens: false)
        try #require(all.starts(with: start))
        return Array(all.dropFirst(start.count))
    }

    private func decode(_ tokenizer: Tokenizer, _ ids: [Int], continuesBeginning: Bool = false) -> String {
        var decoder = AnswerDecoder(tokenizer, continuesBeginning: continuesBeginning)
        return ids.map { decoder.push($0) }.joined() + decoder.finish()
    }
}
