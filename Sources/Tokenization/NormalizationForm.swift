import Foundation

/// A Unicode normalization form (Unicode Standard Annex 15).
enum NormalizationForm: Sendable {
    case nfc, nfd, nfkc, nfkd

    /// Longer runs of combining marks are sorted before Foundation sees them: it takes quadratic time over them.
    private static let longMarkRun = 32

    /// The normalized text. What changes is aligned with the smallest group of scalars that is normalized on its own.
    func apply(to text: AlignedText) -> AlignedText {
        guard text.bytes.contains(where: { $0 >= 0x80 }) else { return text }
        let whole = text.string(text.bytes.indices)
        // Group by group: Foundation takes quadratic time where many groups of one string change. Texts repeat their few
        // groups, so that few calls are made.
        var known: [PieceKey: [UInt8]] = [:]
        var edits: [AlignedText.Edit] = []
        let borders = Self.groupBorders(of: whole)
        for (start, end) in zip(borders, borders.dropFirst()) where end - start > 1 {
            let group = PieceKey(text: text.string(start..<end))
            let replacement = known[group] ?? Array(normalize(group.text).utf8)
            known[group] = replacement
            if !text.bytes[start..<end].elementsEqual(replacement) {
                edits.append(AlignedText.Edit(range: start..<end, replacement: replacement))
            }
        }
        return text.applying(edits)
    }

    // MARK: - Private

    private func normalize(_ text: String) -> String {
        let text = Self.withSortedMarks(text)
        switch self {
        case .nfc: return text.precomposedStringWithCanonicalMapping
        case .nfd: return text.decomposedStringWithCanonicalMapping
        // The definition; `precomposedStringWithCompatibilityMapping` leaves mapped kana and jamo uncomposed on Linux.
        case .nfkc: return text.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
        case .nfkd: return text.decomposedStringWithCompatibilityMapping
        }
    }

    /// UTF-8 offsets between which normalization does not reach: grapheme cluster borders, except beside jamo that
    /// are letters of their own but become conjoining ones by compatibility mapping.
    private static func groupBorders(of text: String) -> [Int] {
        var borders = [0]
        var offset = 0
        for character in text {
            if let first = character.unicodeScalars.first, offset > 0, !isCompatibilityJamo(first) {
                borders.append(offset)
            }
            offset += character.utf8.count
        }
        return borders + [offset]
    }

    private static func isCompatibilityJamo(_ scalar: Unicode.Scalar) -> Bool {
        (0x3131...0x318E).contains(scalar.value) || (0xFFA0...0xFFDC).contains(scalar.value)
    }

    /// A canonically equivalent text in which long runs of marks already have canonical order.
    private static func withSortedMarks(_ text: String) -> String {
        var scalars: [Unicode.Scalar] = []
        var runStart: Int?
        var isChanged = false
        func closeRun() {
            guard let start = runStart else { return }
            runStart = nil
            guard scalars.count - start > longMarkRun else { return }
            isChanged = true
            scalars[start...].sort { combiningClass($0) < combiningClass($1) }
        }
        for scalar in text.unicodeScalars {
            if combiningClass(scalar) == 0 { closeRun() } else if runStart == nil { runStart = scalars.count }
            scalars.append(scalar)
        }
        closeRun()
        guard isChanged else { return text }
        var sorted = String.UnicodeScalarView()
        sorted.append(contentsOf: scalars)
        return String(sorted)
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
    }
}
