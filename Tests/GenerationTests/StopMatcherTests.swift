import Probing
import Testing

@testable import Generation

@Suite struct StopMatcherTests {
    @Test(arguments: [
        // stops, pieces, shown, stopped
        (["END"], ["one END two"], "one ", true),
        (["END"], ["one E", "N", "D two"], "one ", true),
        (["END"], ["one E", "N", "d"], "one ENd", false),
        (["END"], ["one EN"], "one EN", false),
        (["aab"], ["a", "a", "a", "b"], "a", true),
        (["abab", "bc"], ["ab", "a", "bc"], "", true),
        (["bc", "abcd"], ["abcd"], "a", true),
        (["bc", "abcd"], ["a", "b", "c", "d"], "a", true),
        (["b", "ab"], ["xab"], "x", true),
        (["\n\n"], ["a\n", "b\n", "\nc"], "a\nb", true),
        (["é"], ["caf", "e", "é!"], "cafe", true),
        (["日本"], ["東日", "本語"], "東", true),
        (["日本"], ["東日", "曜"], "東日曜", false),
        (["🇩🇪"], ["flag 🇩", "🇪 end"], "flag ", true),
        ([""], ["anything"], "anything", false),
        ([], ["anything", " goes"], "anything goes", false),
    ])
    func textEndsBeforeTheFirstStop(stops: [String], pieces: [String], shown: String, stopped: Bool) {
        let result = run(stops, pieces)
        #expect(result.text == shown)
        #expect(result.stopped == stopped)
    }

    @Test func nothingThatMayBecomeAStopIsShown() {
        var matcher = StopMatcher(["END"])
        #expect(matcher.push("one E") == "one ")
        #expect(matcher.push("N") == "")
        #expect(matcher.push("C") == "ENC")
        #expect(!matcher.hasStopped)
    }

    @Test func nothingFollowsAStop() {
        var matcher = StopMatcher(["."])
        #expect(matcher.push("a.b") == "a")
        #expect(matcher.push("c") == "")
        #expect(matcher.flush() == "")
    }

    /// However tokens cut a text, the same part of it is shown.
    @Test func splitsOfATextDoNotMatter() {
        var generator = SplitMix64(seed: 5)
        let alphabet = Array("abé日")
        func word(_ length: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: length, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? "a"
                }
            )
        }
        var stopped = 0
        for trial in 0..<2000 {
            let stops = (0..<Int.random(in: 1...3, using: &generator)).map { _ in word(1...4) }
            let text = word(0...12)
            let whole = run(stops, [text])
            let single = run(stops, text.unicodeScalars.map { String($0) })
            #expect(whole.text == single.text && whole.stopped == single.stopped, "\(trial): \(stops) in \(text)")
            #expect(whole.stopped == stops.contains { text.contains($0) })
            #expect(text.hasPrefix(whole.text))
            stopped += whole.stopped ? 1 : 0
        }
        #expect((200...1800).contains(stopped))
    }

    private func run(_ stops: [String], _ pieces: [String]) -> (text: String, stopped: Bool) {
        var matcher = StopMatcher(stops)
        var text = ""
        for piece in pieces { text += matcher.push(piece) }
        if !matcher.hasStopped { text += matcher.flush() }
        return (text, matcher.hasStopped)
    }
}
