public import Generation
import Probing

/// The maps of the tokens that name a phrase, from a run that recorded the attention of its answer.
public struct NamingMaps: Sendable {
    /// Indices into the answer's tokens, ascending.
    public let tokens: [Int]
    /// `[layers][patches]`: attention from the rows that produced the tokens, mean over heads and tokens.
    public let layers: [[Float]]

    /// Collects the maps of every place where the answer names `phrase`; `nil` if it does not.
    ///
    /// - Parameters:
    ///   - run: A run whose capture recorded the rows of its answer on image columns, heads averaged.
    ///   - patches: The columns that stand for the picture's patches, among those recorded.
    ///   - promptLength: Positions of the prompt.
    ///   - wholeWords: Whether a phrase inside another word does not count.
    ///   - lastOnly: Whether only the last place counts.
    public init?(
        of phrase: String,
        in run: GenerationResult,
        patches: Range<Int>,
        promptLength: Int,
        wholeWords: Bool = true,
        lastOnly: Bool = false
    ) {
        let texts = run.tokens.map(\.text)
        let ranges = Self.places(of: phrase, in: texts.joined(), wholeWords: wholeWords, lastOnly: lastOnly)
        let tokens = PhraseLocator.tokens(texts, overlapping: ranges)
        // The row that produced token k is the one before its own position.
        let rows = tokens.compactMap { run.attention[promptLength - 1 + $0] }
        guard let first = rows.first, rows.count == tokens.count else { return nil }
        self.tokens = tokens
        layers = first.layers.indices.map { layer in
            Self.mean(rows.map { Array($0.layers[layer].maps[0][patches]) })
        }
    }

    /// The mean over all recorded layers.
    public var mean: [Float] { Self.mean(layers) }

    // MARK: - Private

    /// The places whose tokens count, as ranges of UTF-8 offsets.
    static func places(of phrase: String, in text: String, wholeWords: Bool, lastOnly: Bool) -> [Range<Int>] {
        let all = PhraseLocator.ranges(of: phrase, in: text, wholeWords: wholeWords)
        return lastOnly ? Array(all.suffix(1)) : all
    }

    private static func mean(_ maps: [[Float]]) -> [Float] {
        var sums = [Double](repeating: 0, count: maps.first?.count ?? 0)
        for map in maps {
            for (index, value) in map.enumerated() { sums[index] += Double(value) }
        }
        return sums.map { Float($0 / Double(maps.count)) }
    }
}
