/// Names of common objects: which words mean the same thing, and their plurals.
///
/// The classes are COCO's eighty, everyday things beside them, and flat shapes.
public struct ObjectLexicon: Sendable {
    /// A name found in a text.
    struct Match: Equatable {
        /// Words that it spans.
        let length: Int
        /// The name in the singular, as in `traffic light`.
        let lemma: String
        /// The class that the name belongs to.
        let objectClass: String
        /// Whether the text has the plural.
        let isPlural: Bool
    }

    /// The lexicon that ships with Fovea.
    public static let standard = ObjectLexicon(table: ObjectLexicon.table)

    private let classes: [String: String]
    private let longest: Int

    /// Reads a table: a class in each line, `name: synonym, synonym`; a line of names alone makes each its own class.
    init(table: String) {
        var classes: [String: String] = [:]
        for line in table.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            let names = (parts.last ?? "").split(separator: ",").map { Self.trimmed($0) }
            if parts.count == 2 {
                let objectClass = Self.trimmed(parts[0])
                for name in [objectClass] + names { classes[name] = objectClass }
            } else {
                for name in names { classes[name] = name }
            }
        }
        self.classes = classes
        longest = classes.keys.map { $0.split(separator: " ").count }.max() ?? 1
    }

    /// The class of a name in the singular; `nil` for words that name no known object.
    public func objectClass(of name: String) -> String? { classes[name] }

    /// The longest name that begins at `start`, in the singular or the plural.
    func match(_ words: [Word], at start: Int) -> Match? {
        var end = min(start + longest, words.count)
        while end > start {
            let span = words[start..<end]
            let isWhole = span.dropLast().allSatisfy { !$0.endsClause && !$0.isPossessive }
            if isWhole, let match = match(span.map(\.text)) { return match }
            end -= 1
        }
        return nil
    }

    /// The singular of a noun that the lexicon need not know.
    func singular(of noun: String) -> String {
        Self.singulars(of: noun).first { classes[$0] != nil } ?? Self.guess(noun)
    }

    // MARK: - Private

    private func match(_ texts: [String]) -> Match? {
        let written = texts.joined(separator: " ")
        for name in [written, written.split(separator: "-").joined(separator: " ")] {
            if let objectClass = classes[name] {
                let isPlural = Self.alwaysPlural.contains(name)
                return Match(length: texts.count, lemma: name, objectClass: objectClass, isPlural: isPlural)
            }
            var words = name.split(separator: " ").map(String.init)
            guard let last = words.popLast() else { continue }
            for singular in Self.singulars(of: last) {
                let lemma = (words + [singular]).joined(separator: " ")
                guard let objectClass = classes[lemma] else { continue }
                return Match(length: texts.count, lemma: lemma, objectClass: objectClass, isPlural: true)
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// What a plural may be the plural of.
    private static func singulars(of noun: String) -> [String] {
        if let singular = irregular[noun] { return [singular] }
        var singulars: [String] = []
        if noun.hasSuffix("ies") { singulars.append(noun.dropLast(3) + "y") }
        if noun.hasSuffix("ves") { singulars += [noun.dropLast(3) + "f", noun.dropLast(3) + "fe"] }
        if noun.hasSuffix("men") { singulars.append(noun.dropLast(3) + "man") }
        if noun.hasSuffix("s"), !noun.hasSuffix("ss") {
            singulars.append(String(noun.dropLast()))
            if noun.hasSuffix("es") { singulars.append(String(noun.dropLast(2))) }
        }
        return singulars
    }

    /// By ending alone.
    private static func guess(_ noun: String) -> String {
        if let singular = irregular[noun] { return singular }
        if noun.hasSuffix("ies"), noun.count > 4 { return noun.dropLast(3) + "y" }
        for ending in ["sses", "shes", "ches", "xes", "zes"] where noun.hasSuffix(ending) {
            return String(noun.dropLast(2))
        }
        let isPlural = noun.hasSuffix("s") && !["ss", "us", "is"].contains { noun.hasSuffix($0) }
        return isPlural ? String(noun.dropLast()) : noun
    }

    private static let irregular = [
        "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose",
        "feet": "foot", "teeth": "tooth", "oxen": "ox", "buses": "bus", "busses": "bus",
    ]

    private static let alwaysPlural: Set<String> = ["scissors", "pants", "jeans", "shorts", "glasses", "sunglasses"]
}
