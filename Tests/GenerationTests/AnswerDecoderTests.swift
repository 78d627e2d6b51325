import ModelFixtures
import Models
import Testing
import Tokenization

@testable import Generation

@Suite struct AnswerDecoderTests {
    @Test(arguments: ModelFixture.allCases, ["A cat.", "a red  car", "naïve 日本 🙂", "x"])
    func theTextsOfTheTokensConcatenateToTheAnswer(fixture: ModelFixture, text: String) throws {
        let tokenizer = try fixture.model().tokenizer
        #expect(decode(tokenizer, tokenizer.encode(text, addSpecialTokens: false)) == text)
    }

    /// Byte-level tokenizers: those with a `Strip` decoder take a space of their own before.
    @Test(arguments: [ModelFixture.gqaPad, .features])
    func onlyTheFirstSpaceIsTheTemplates(fixture: ModelFixture) throws {
        let tokenizer = try fixture.model().tokenizer
        let ids = tokenizer.encode("  two", addSpecialTokens: false)
        #expect(decode(tokenizer, ids) == " two")
        #expect(decode(tokenizer, ids, prefix: tokenizer.encode("It is", addSpecialTokens: false)) == "  two")
    }

    @Test(arguments: ModelFixture.allCases)
    func aDictatedBeginningKeepsTheSpaceBehindIt(fixture: ModelFixture) throws {
        let tokenizer = try fixture.model().tokenizer
        let all = tokenizer.encode("It is a car", addSpecialTokens: false)
        let beginning = tokenizer.encode("It is a", addSpecialTokens: false)
        try #require(all.starts(with: beginning))
        #expect(decode(tokenizer, Array(all.dropFirst(beginning.count)), prefix: beginning) == " car")
    }

    private func decode(_ tokenizer: Tokenizer, _ ids: [Int], prefix: [Int] = []) -> String {
        var decoder = AnswerDecoder(tokenizer, prefix: prefix)
        return ids.map { decoder.push($0) }.joined() + decoder.finish()
    }
}
