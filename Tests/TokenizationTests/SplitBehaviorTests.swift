import Testing

@testable import Tokenization

@Suite("Split behaviours")
struct SplitBehaviorTests {
    /// The example of the reference's documentation: `the-final--countdown` split at `-`.
    @Test(
        "matches are dropped, kept or merged",
        arguments: [
            (.removed, ["the", "final", "countdown"]),
            (.isolated, ["the", "-", "final", "-", "-", "countdown"]),
            (.mergedWithPrevious, ["the-", "final-", "-", "countdown"]),
            (.mergedWithNext, ["the", "-final", "-", "-countdown"]),
            (.contiguous, ["the", "-", "final", "--", "countdown"]),
        ] as [(SplitBehavior, [String])]
    )
    func splits(behavior: SplitBehavior, expected: [String]) {
        var words = PreTokenizedText(AlignedText(original: Array("the-final--countdown".utf8)[...]))
        words.split(.literal([UInt8(ascii: "-")]), behavior)
        #expect(words.pieces.map { words.text.string($0) } == expected)
    }

    @Test("inverted, what lies between is the match")
    func inverts() throws {
        var words = PreTokenizedText(AlignedText(original: Array("ab 12 cd".utf8)[...]))
        let pattern = TextPattern.regularExpression(try RegularExpression(#"\w+"#, path: "test"))
        words.split(pattern, .removed, isInverted: true)
        #expect(words.pieces.map { words.text.string($0) } == ["ab", "12", "cd"])
    }
}

@Suite("Regular expressions over UTF-8")
struct RegularExpressionTests {
    private func matches(_ pattern: String, _ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try RegularExpression(pattern, path: "test").matches(in: bytes[...]).map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
    }

    @Test("offsets are right beside scalars of every width")
    func mapsOffsets() throws {
        #expect(try matches(#"\p{L}+"#, "é🙂日本🙂x 1e\u{301}") == ["é", "日本", "x", "e"])
    }

    @Test("white space escapes mean the same inside and outside of sets", arguments: [#"\s+"#, #"[\s]+"#, #"[^\S]+"#])
    func findsSpaces(pattern: String) throws {
        #expect(try matches(pattern, "a \u{B}\u{85}\u{3000}b\\s") == [" \u{B}\u{85}\u{3000}"])
    }

    @Test("a run too long for the matcher's stack is still covered", arguments: [#"\s+"#, #"(?: |x)+"#])
    func coversLongRuns(pattern: String) throws {
        let text = "a" + String(repeating: " ", count: 1_200_000) + "b"
        let found = try RegularExpression(pattern, path: "test").matches(in: Array(text.utf8)[...])
        #expect(found.first?.lowerBound == 1)
        #expect(found.last?.upperBound == text.utf8.count - 1)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
}
