/// How a text's objects compare with those of a reference.
public struct Judgement: Sendable, Equatable {
    /// Objects of the reference, in its words.
    public let referenceObjects: [String]
    /// Objects of the candidate, in its words.
    public let candidateObjects: [String]
    /// Which object of the reference is which of the candidate; each occurs in one pair at most.
    public let matches: [Match]

    /// Two objects that are the same one.
    public struct Match: Sendable, Equatable {
        /// Index into `referenceObjects`.
        public let reference: Int
        /// Index into `candidateObjects`.
        public let candidate: Int

        /// Pairs two indices.
        public init(reference: Int, candidate: Int) {
            self.reference = reference
            self.candidate = candidate
        }
    }

    /// Records what was matched.
    public init(referenceObjects: [String], candidateObjects: [String], matches: [Match]) {
        self.referenceObjects = referenceObjects
        self.candidateObjects = candidateObjects
        self.matches = matches
    }

    /// Objects of the reference that the candidate names.
    public var truePositives: Int { matches.count }
    /// Objects of the reference that the candidate lacks.
    public var falseNegatives: Int { referenceObjects.count - matches.count }
    /// Objects that only the candidate names.
    public var falsePositives: Int { candidateObjects.count - matches.count }

    /// TP / (TP + FP); texts without any object agree, and a candidate without any has precision 0.
    public var precision: Double { share(of: candidateObjects.count) }
    /// TP / (TP + FN), with the same convention.
    public var recall: Double { share(of: referenceObjects.count) }
    /// The harmonic mean of precision and recall, 2·TP / (2·TP + FP + FN).
    public var f1: Double {
        let total = referenceObjects.count + candidateObjects.count
        return total == 0 ? 1 : 2 * Double(matches.count) / Double(total)
    }

    // MARK: - Private

    private func share(of count: Int) -> Double {
        if referenceObjects.isEmpty, candidateObjects.isEmpty { return 1 }
        return count == 0 ? 0 : Double(matches.count) / Double(count)
    }
}
