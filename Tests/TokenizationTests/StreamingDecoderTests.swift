import Testing

@testable import Tokenization

@Suite("Streaming decode")
struct StreamingDecoderTests {
    @Test("the joined outputs are the reference's text", arguments: TokenizerFixture.allCases)
    func joinsToWholeText(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        for expected in try fixture.expectations().decodes {
            var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true)
            var text = expected.ids.map { decoder.push($0) }.joined()
            text += decoder.finish()
            #expect(Array(text.utf8) == Array(expected.skipped.utf8), Comment(rawValue: "\(expected.ids)"))
        }
    }

    @Test("a code point split over tokens comes whole", arguments: [TokenizerFixture.qwenLike, .llamaLike])
    func keepsCodePointsWhole(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        let text = "a𠮷b🏽 c𝒳"
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true)
        let ids = tokenizer.encode(text, addSpecialTokens: false)
        let outputs = ids.map { decoder.push($0) } + [decoder.finish()]
        #expect(ids.count > text.unicodeScalars.count)
        #expect(outputs.joined() == text)
        #expect(outputs.allSatisfy { !$0.contains("\u{FFFD}") })
    }

    @Test("words come as soon as they are certain")
    func emitsWithoutDelay() throws {
        let tokenizer = try TokenizerFixture.llamaLike.tokenizer()
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true)
        for id in tokenizer.encode("the image is red", addSpecialTokens: true) where !tokenizer.isSpecial(id) {
            #expect(!decoder.push(id).isEmpty)
        }
        #expect(decoder.finish().isEmpty)
    }

    @Test("bytes that never become text end as U+FFFD")
    func endsWithReplacement() throws {
        let tokenizer = try TokenizerFixture.qwenLike.tokenizer()
        let lead = try #require(tokenizer.id(of: "ð"))
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true)
        #expect(decoder.push(lead) == "")
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.push(try #require(tokenizer.id(of: "a"))) == "a")
    }

    @Test("a decoder that is used again says what a new one says", arguments: TokenizerFixture.allCases)
    func leavesNothingBehind(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: false)
        for expected in try fixture.expectations().decodes {
            let text = expected.ids.map { decoder.push($0) }.joined() + decoder.finish()
            #expect(Array(text.utf8) == Array(expected.decoded.utf8), Comment(rawValue: "\(expected.ids)"))
        }
    }

    @Test("what follows a text is what it adds to the reference's", arguments: TokenizerFixture.allCases)
    func followsText(fixture: TokenizerFixture) throws {
        let tokenizer = try fixture.tokenizer()
        let letter = try #require(tokenizer.id(of: "a"))
        var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: true, followsText: true)
        for ids in try fixture.expectations().decodes.map(\.ids) {
            let text = ids.map { decoder.push($0) }.joined() + decoder.finish()
            #expect("a" + text == tokenizer.decode([letter] + ids, skipSpecialTokens: true))
        }
    }

    @Test("ids outside the vocabulary are left out", arguments: [-1, 1 << 21, Int.max, Int.min])
    func ignoresUnknownIDs(id: Int) throws {
        let tokenizer = try TokenizerFixture.llamaLike.tokenizer()
        #expect(tokenizer.decode([id], skipSpecialTokens: false) == "")
        #expect(tokenizer.piece(id) == nil)
        #expect(!tokenizer.isSpecial(id))
    }

    @Test(
        "incomplete suffixes are those that can still become UTF-8",
        arguments: [
            ([0x61], 0), ([0xC3], 1), ([0xE4, 0xBD], 2), ([0xF0, 0x9F, 0x98], 3), ([0xF0, 0x9F, 0x98, 0x80], 0),
            ([0x80], 0),
            ([0xC0], 0), ([0xE0, 0x80], 0), ([0xED, 0xA0], 0), ([0xF4, 0x90], 0), ([0xF5], 0), ([], 0),
        ] as [([UInt8], Int)]
    )
    func findsIncompleteSuffix(bytes: [UInt8], length: Int) {
        #expect(IncompleteUTF8.suffixLength(of: bytes) == length)
    }
}
