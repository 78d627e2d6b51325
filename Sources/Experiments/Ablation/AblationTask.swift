public import Generation
import Probing
public import Tokenization

/// What a question asks about an object, and when its answer is right (P1).
public struct AblationTask: Sendable, Equatable {
    /// The three ways of asking.
    public enum Kind: String, Sendable, CaseIterable {
        /// `Describe this image.`: right if the answer names the class.
        case generative
        /// `Is there a {class} in this image?`: right if the answer says yes.
        case polling
        /// A question whose answer begins with `It is a`: right if the likeliest next token begins the class's name.
        case vqa
    }

    /// The way of asking.
    public let kind: Kind
    /// The object's class.
    public let className: String
    /// Whether a name counts inside other words too ("car" in "carpet").
    var matchesSubstrings = false

    /// A question about an object of a class.
    public init(_ kind: Kind, className: String) {
        self.kind = kind
        self.className = className
    }

    /// Whether a run answers it rightly.
    public func isCorrect(_ run: GenerationResult, tokenizer: Tokenizer) -> Bool {
        switch kind {
        case .generative: says(className, run.text)
        case .polling: says("yes", run.text)
        case .vqa: begins(tokenizer.decode([run.next.argmax], skipSpecialTokens: true))
        }
    }

    // MARK: - Private

    /// Whether an answer holds a word.
    func says(_ word: String, _ text: String) -> Bool {
        !PhraseLocator.ranges(of: word, in: text, wholeWords: !matchesSubstrings).isEmpty
    }

    /// Whether a token is a non-empty beginning of the class's name.
    func begins(_ token: String) -> Bool {
        let start = token.drop(while: \.isWhitespace).lowercased()
        return !start.isEmpty && className.lowercased().hasPrefix(start)
    }
}

/// Counts right answers that an ablation made wrong.
public struct FlipTally: Sendable, Equatable {
    /// Questions whose baseline answer was right.
    public private(set) var correct = 0
    /// Those of them that the ablation's answer was wrong about.
    public private(set) var flipped = 0

    /// Nothing counted yet.
    public init() {}

    /// Counts one question; one whose baseline was wrong does not count.
    public mutating func count(baseline: Bool, ablated: Bool) {
        guard baseline else { return }
        correct += 1
        if !ablated { flipped += 1 }
    }

    /// Flipped answers as a share of the right ones; `nil` while there are none.
    public var rate: Double? { correct == 0 ? nil : Double(flipped) / Double(correct) }
}
