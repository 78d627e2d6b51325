/// Finds the tangible objects that a text names.
///
/// A noun phrase is a determiner, adjectives and a head. Heads are names of the lexicon, the longest first, so that a hot
/// dog is no dog; a compound's head is its last noun, so that a dog bed is a bed. Behind a determiner a noun that the
/// lexicon does not know is a head too, unless it names nothing tangible. What is said not to be there is left out.
struct NounPhraseReader {
    private let lexicon: ObjectLexicon
    private let words: [Word]
    private var position = 0

    init(_ text: String, lexicon: ObjectLexicon) {
        self.lexicon = lexicon
        words = Word.words(of: text)
    }

    /// The objects in order of their first mention; later words for one of them are not counted again.
    mutating func objects() -> [ObjectMention] {
        var objects: [ObjectMention] = []
        while position < words.count, objects.count < Self.maximumObjects {
            let start = position
            if let mention = phrase() {
                if let index = objects.firstIndex(where: mention.refersBack) {
                    objects[index].attributes.merge(mention.attributes) { $0.union($1) }
                } else {
                    objects.append(mention)
                }
            }
            position = max(position, start + 1)
        }
        return objects
    }

    // MARK: - Private

    /// Objects that are listed; matching takes time with their square.
    private static let maximumObjects = 256

    /// What a phrase holds so far.
    private struct Phrase {
        var determiner: Grammar.Determiner?
        var isPartitive = false
        var start: Int?
        var attributes: [Attribute: Set<String>] = [:]
    }

    /// The phrase at `position`, which moves behind it; `nil` if what stands there names no object.
    private mutating func phrase() -> ObjectMention? {
        var phrase = Phrase()
        let first = position
        phrase.determiner = determiner()
        phrase.isPartitive = words[first..<position].contains { Grammar.isPartitive($0.text) }
        while position < words.count {
            if let head = head(phrase) { return mention(head, phrase) }
            let word = words[position]
            if let attribute = Grammar.attribute(word.text) {
                phrase.start = phrase.start ?? position
                phrase.attributes[attribute.axis, default: []].insert(attribute.value)
                position += 1
                skipConjunctionOfAttributes()
            } else if phrase.determiner == nil || Grammar.isBoundary(word.text) || Grammar.determiner(word.text) != nil
            {
                return nil
            } else {
                return unknownHead(phrase)
            }
        }
        return nil
    }

    /// Determiners and measures: `a group of`, `two of the`.
    private mutating func determiner() -> Grammar.Determiner? {
        var determiner: Grammar.Determiner?
        while position < words.count {
            let word = words[position]
            let isFollowedByOf = position + 1 < words.count && words[position + 1].text == "of" && !word.endsClause
            if let next = Grammar.determiner(word.text) {
                determiner = determiner == .negative ? .negative : next
                position += isFollowedByOf ? 2 : 1
            } else if word.text == "not", position + 1 < words.count,
                Grammar.determiner(words[position + 1].text) != nil
            {
                determiner = .negative
                position += 1
            } else if isFollowedByOf, Grammar.isMeasure(lexicon.singular(of: word.text)) {
                determiner = determiner ?? .indefinite
                position += 2
            } else {
                break
            }
            if words[position - 1].endsClause { break }
        }
        return determiner
    }

    /// `and` between two colours: a black and white dog.
    private mutating func skipConjunctionOfAttributes() {
        guard position + 1 < words.count, words[position].text == "and", !words[position].endsClause,
            Grammar.attribute(words[position + 1].text) != nil
        else { return }
        position += 1
    }

    /// The lexicon's name at `position`, which moves behind it and behind the nouns that it modifies.
    private mutating func head(_ phrase: Phrase) -> (match: ObjectLexicon.Match, range: Range<Int>)? {
        guard var match = lexicon.match(words, at: position), !isColor(phrase), !isVerb(match, phrase) else {
            return nil
        }
        var range = position..<position + match.length
        while !words[range.upperBound - 1].endsClause, !words[range.upperBound - 1].isPossessive, !match.isPlural,
            let next = lexicon.match(words, at: range.upperBound)
        {
            if isPredicate(next, at: range.upperBound, of: match) {
                // The verb is no object of its own.
                position = range.upperBound + next.length
                return (match, range)
            }
            match = next
            range = range.lowerBound..<range.upperBound + next.length
        }
        position = range.upperBound
        return (match, range)
    }

    /// A colour that is a fruit too is the fruit only where a noun stands: `an orange`, not `an orange cat`.
    private func isColor(_ phrase: Phrase) -> Bool {
        let word = words[position]
        guard Grammar.attribute(word.text) != nil else { return false }
        guard !word.endsClause, position + 1 < words.count else { return phrase.determiner == nil }
        let next = words[position + 1].text
        if lexicon.match(words, at: position + 1) != nil || Grammar.attribute(next) != nil { return true }
        return phrase.determiner == nil || !(Grammar.isBoundary(next) || Grammar.determiner(next) != nil)
    }

    /// `to train`, but `next to train tracks`.
    private func isVerb(_ match: ObjectLexicon.Match, _ phrase: Phrase) -> Bool {
        guard phrase.determiner == nil, phrase.start == nil, !match.isPlural, position > 0 else { return false }
        let previous = words[position - 1]
        guard Grammar.precedesVerb(previous.text), !previous.endsClause else { return false }
        return previous.text != "to" || position < 2 || !Grammar.takesTo(words[position - 2].text)
    }

    /// Behind a noun a name that is a verb too: `a man watches the game`.
    private func isPredicate(_ next: ObjectLexicon.Match, at start: Int, of subject: ObjectLexicon.Match) -> Bool {
        guard Grammar.isVerbToo(next.lemma) else { return false }
        let end = start + next.length
        let hasObject = end < words.count && !words[end - 1].endsClause && Grammar.determiner(words[end].text) != nil
        return hasObject || subject.objectClass == "person"
    }

    private mutating func mention(
        _ head: (match: ObjectLexicon.Match, range: Range<Int>),
        _ phrase: Phrase
    ) -> ObjectMention? {
        if isSubjectOfVerb(head.match) { position += 1 }
        guard phrase.determiner != .negative else { return skipAlternatives() }
        var attributes = phrase.attributes
        if let predicate = predicateAttribute() { attributes[predicate.axis] = [predicate.value] }
        let isBarePlural = phrase.determiner == nil && head.match.isPlural
        return ObjectMention(
            name: head.match.lemma,
            objectClass: head.match.objectClass,
            text: text(from: phrase.start ?? head.range.lowerBound, to: head.range.upperBound),
            attributes: attributes,
            mayReferBack: phrase.determiner == .definite || isBarePlural,
            isPlural: head.match.isPlural,
            isPartitive: phrase.isPartitive
        )
    }

    /// `people cross the street`: the plural has ended the name, and the verb behind it is passed over.
    private func isSubjectOfVerb(_ match: ObjectLexicon.Match) -> Bool {
        guard match.isPlural, position < words.count, position > 0, !words[position - 1].endsClause else {
            return false
        }
        return Grammar.isVerbToo(words[position].text)
    }

    /// `no dogs or cats`: neither is there.
    private mutating func skipAlternatives() -> ObjectMention? {
        while position < words.count, !words[position - 1].endsClause, ["or", "nor"].contains(words[position].text) {
            position += 1
            _ = determiner()
            var alternative = Phrase()
            alternative.determiner = .negative
            guard position < words.count, head(alternative) != nil else { return nil }
        }
        return nil
    }

    /// `the circle is red.` says what `the red circle` says.
    private func predicateAttribute() -> (axis: Attribute, value: String)? {
        guard position + 1 < words.count, position > 0, !words[position - 1].endsClause,
            Grammar.copulas.contains(words[position].text),
            let attribute = Grammar.attribute(words[position + 1].text),
            words[position + 1].endsClause || position + 2 == words.count
                || Grammar.isBoundary(words[position + 2].text)
        else { return nil }
        return attribute
    }

    /// A noun that the lexicon does not know: the last word before the phrase ends, or a name that it modifies.
    private mutating func unknownHead(_ phrase: Phrase) -> ObjectMention? {
        let start = phrase.start ?? position
        var last: Int?
        while position < words.count {
            if let head = head(phrase) {
                var whole = phrase
                whole.start = start
                return mention(head, whole)
            }
            let word = words[position]
            if Grammar.isBoundary(word.text) || Grammar.determiner(word.text) != nil { break }
            if let last, isVerbForm(word.text, behind: words[last].text) { break }
            last = position
            position += 1
            if word.endsClause || word.isPossessive { break }
        }
        guard let last, phrase.determiner != .negative else { return nil }
        let noun = words[last].text
        let singular = lexicon.singular(of: noun)
        guard noun.count > 2, !Grammar.isIntangible(singular), !Grammar.isMeasure(singular), !isAdverb(noun) else {
            return nil
        }
        return ObjectMention(
            name: singular,
            objectClass: singular,
            text: text(from: start, to: last + 1),
            attributes: phrase.attributes,
            mayReferBack: phrase.determiner == .definite,
            isPlural: noun != singular,
            isPartitive: phrase.isPartitive
        )
    }

    /// Behind a noun these are no nouns: `a creature grazing`, `a gadget mounted`, `a zebu grazes`.
    private func isVerbForm(_ word: String, behind noun: String) -> Bool {
        if word.hasSuffix("ing") || word.hasSuffix("ed") || isAdverb(word) { return true }
        let isThirdPerson = word.hasSuffix("s") && !["ss", "us", "is"].contains { word.hasSuffix($0) }
        return isThirdPerson && !noun.hasSuffix("ing") && !noun.hasSuffix("ed")
            && lexicon.match(words, at: position + 1) == nil
    }

    private func isAdverb(_ word: String) -> Bool { word.hasSuffix("ly") && word.count > 4 }

    private func text(from start: Int, to end: Int) -> String { words[start..<end].map(\.text).joined(separator: " ") }
}
