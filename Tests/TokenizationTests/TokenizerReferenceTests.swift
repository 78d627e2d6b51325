import Testing

@testable import Tokenization

@Suite("Equality with the reference tokenizers")
struct TokenizerReferenceTests {
    @Test("ids equal the reference's", arguments: TokenizerFixture.allCases)
    func idsEqualReference(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        let cases = try fixture.expectations().cases
        #expect(cases.count >= 300)
        for expected in cases {
            let comment = Comment(rawValue: expected.text.debugDescription)
            #expect(tokenizer.encode(expected.text, addSpecialTokens: false) == expected.ids, comment)
            #expect(tokenizer.encode(expected.text, addSpecialTokens: true) == expected.withSpecial, comment)
            let plain = tokenizer.encode(expected.text, addSpecialTokens: false, parseSpecial: false)
            #expect(plain == expected.plain ?? expected.ids, comment)
        }
    }

    @Test("decoded text equals the reference's to the byte", arguments: TokenizerFixture.allCases)
    func textEqualsReference(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        let expectations = try fixture.expectations()
        let cases = expectations.cases.map { ($0.withSpecial, $0.decoded, $0.skipped) }
        for (ids, decoded, skipped) in cases + expectations.decodes.map({ ($0.ids, $0.decoded, $0.skipped) }) {
            guard let decoded, let skipped else { continue }
            let comment = Comment(rawValue: "\(ids)")
            #expect(Array(tokenizer.decode(ids, skipSpecialTokens: false).utf8) == Array(decoded.utf8), comment)
            #expect(Array(tokenizer.decode(ids, skipSpecialTokens: true).utf8) == Array(skipped.utf8), comment)
        }
    }

    @Test(
        "offsets ascend, stay inside the text, and lie between the token's neighbours",
        arguments: TokenizerFixture.allCases
    )
    func offsetsAreOrdered(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        for expected in try fixture.expectations().cases {
            var end = 0
            for span in tokenizer.encodeWithOffsets(expected.text, addSpecialTokens: true) {
                #expect(span.range.upperBound <= expected.text.utf8.count)
                #expect(span.range.upperBound >= end)
                end = span.range.upperBound
            }
        }
    }

    @Test(
        "offsets cover the whole text where no component drops any",
        arguments: [
            TokenizerFixture.qwenLike, .gpt2Like, .llamaLike, .metaspaceFirst,
        ]
    )
    func offsetsCoverText(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        for expected in try fixture.expectations().cases {
            var end = 0
            for span in tokenizer.encodeWithOffsets(expected.text, addSpecialTokens: true) {
                #expect(span.range.lowerBound <= end, Comment(rawValue: expected.text.debugDescription))
                end = span.range.upperBound
            }
            #expect(end == expected.text.utf8.count, Comment(rawValue: expected.text.debugDescription))
        }
    }
}
