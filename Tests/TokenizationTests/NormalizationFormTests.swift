import Testing

@testable import Tokenization

@Suite("Unicode normalization")
struct NormalizationFormTests {
    private func apply(_ form: NormalizationForm, _ text: String) -> AlignedText {
        form.apply(to: AlignedText(original: Array(text.utf8)[...]))
    }

    @Test(
        "forms differ as the standard says",
        arguments: [
            (.nfc, "e\u{301}", "\u{e9}"), (.nfd, "\u{e9}", "e\u{301}"),
            (.nfkc, "\u{fb01}\u{ff76}\u{ff9e}", "fi\u{30ac}"),
            (.nfkc, "\u{3131}\u{314f}", "\u{ac00}"), (.nfkd, "\u{1e9b}\u{323}", "s\u{323}\u{307}"),
            (.nfc, "a\u{301}\u{316}", "\u{e1}\u{316}"), (.nfd, "\u{ac01}", "\u{1100}\u{1161}\u{11a8}"),
        ] as [(NormalizationForm, String, String)]
    )
    func normalizes(form: NormalizationForm, text: String, expected: String) {
        #expect(apply(form, text).bytes == Array(expected.utf8))
    }

    @Test("what changes is aligned with its own group only")
    func alignsGroups() {
        let text = apply(.nfc, "ae\u{301}日z")
        #expect(text.bytes == Array("a\u{e9}日z".utf8))
        #expect(text.originalRange(1..<3) == 1..<4)
        #expect(text.originalRange(3..<6) == 4..<7)
        #expect(text.originalRange(6..<7) == 7..<8)
    }

    @Test("a long run of marks in the wrong order is put in order")
    func sortsMarks() {
        let count = 50_000
        let text = apply(.nfd, "a" + String(repeating: "\u{301}\u{316}", count: count))
        let marks = String(repeating: "\u{316}", count: count) + String(repeating: "\u{301}", count: count)
        #expect(text.bytes == Array("a\(marks)".utf8))
    }
}
