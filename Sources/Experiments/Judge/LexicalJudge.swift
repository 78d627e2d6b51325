/// Compares the objects that two texts name, by words alone: the same texts give the same judgement everywhere.
public struct LexicalJudge: Sendable {
    private let lexicon: ObjectLexicon

    /// A judge that knows the names in `lexicon`.
    public init(lexicon: ObjectLexicon = .standard) {
        self.lexicon = lexicon
    }

    /// The tangible objects that `text` names, each once; the first 256.
    public func objects(in text: String) -> [ObjectMention] {
        var reader = NounPhraseReader(text, lexicon: lexicon)
        return reader.objects()
    }

    /// Matches as many objects as can be, one to one: names of one class whose colours and sizes do not contradict.
    public func judge(reference: String, candidate: String) -> Judgement {
        let (wanted, given) = (objects(in: reference), objects(in: candidate))
        return Judgement(
            referenceObjects: wanted.map(\.text),
            candidateObjects: given.map(\.text),
            matches: Self.matches(wanted, given)
        )
    }

    /// Whether `text` names the object of `phrase`, by a synonym or by the words themselves.
    public func names(_ phrase: String, in text: String) -> Bool {
        if !PhraseLocator.ranges(of: phrase, in: text).isEmpty { return true }
        guard let wanted = objects(in: "a \(phrase)").first else { return false }
        return objects(in: text).contains(where: wanted.isCompatible)
    }

    // MARK: - Private

    /// A largest matching by augmenting paths (Kuhn); the likest pairs are tried first.
    private static func matches(_ wanted: [ObjectMention], _ given: [ObjectMention]) -> [Judgement.Match] {
        let choices = wanted.map { object in
            given.indices.filter { object.isCompatible(with: given[$0]) }
                .sorted { (-object.likeness(to: given[$0]), $0) < (-object.likeness(to: given[$1]), $1) }
        }
        var owner = [Int?](repeating: nil, count: given.count)
        func place(_ object: Int, _ visited: inout Set<Int>) -> Bool {
            for choice in choices[object] where visited.insert(choice).inserted {
                let displaced = owner[choice]
                if let displaced, !place(displaced, &visited) { continue }
                owner[choice] = object
                return true
            }
            return false
        }
        let likest = wanted.indices.sorted { first, second in
            func best(_ index: Int) -> Int { choices[index].first.map { wanted[index].likeness(to: given[$0]) } ?? 0 }
            return (-best(first), first) < (-best(second), second)
        }
        for object in likest {
            var visited: Set<Int> = []
            _ = place(object, &visited)
        }
        return owner.enumerated().compactMap { candidate, reference in
            reference.map { Judgement.Match(reference: $0, candidate: candidate) }
        }.sorted { $0.reference < $1.reference }
    }
}
