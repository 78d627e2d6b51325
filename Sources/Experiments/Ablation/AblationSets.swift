import Models
import Probing

/// The sets of image tokens that are ablated for one object of a picture (P1): the object's own, as many random ones, the
/// registers, and some counts of random tokens and of those that gradients choose.
struct AblationSets {
    /// One set.
    struct Set {
        /// What results call it.
        let name: String
        /// Tokens of a set whose size is P1's, which has its place among its like; `nil` for the others.
        let count: Int?
        /// What the set's like are called, or the name.
        let series: String
        /// The tokens.
        let tokens: SpanSelector
    }

    /// The sets, in the order of figures.
    let sets: [Set]

    /// Chooses the sets.
    ///
    /// - Parameters:
    ///   - object: The object's patches.
    ///   - layout: A prompt about its picture alone.
    ///   - ranked: The picture's tokens by what gradients hold them responsible for; `nil` leaves these sets out.
    ///   - seed: Seed of random sets.
    init(object: SpanSelector, in layout: PromptLayout, ranked: [Int]?, seed: Int) throws(ProbeError) {
        let own = TokenSet.object(object)
        var sets = own.map { Set(name: $0.name, count: nil, series: $0.name, tokens: $0.tokens) }
        for set in own {
            let size = try set.tokens.resolved(in: layout, parameter: set.name).promptPositions.count
            let name = "random, as \(set.name)"
            sets.append(Set(name: name, count: nil, series: name, tokens: TokenSet.random(size, seed: seed).tokens))
        }
        let registers = TokenSet.registers()
        // Most pictures of small models have no token with so large a norm.
        if (try? registers.tokens.resolved(in: layout, parameter: registers.name)) != nil {
            sets.append(Set(name: registers.name, count: nil, series: registers.name, tokens: registers.tokens))
        }
        for count in Self.counts(tokens: layout.images[0].positions.count) {
            let random = TokenSet.random(count, seed: seed)
            sets.append(Set(name: random.name, count: count, series: "random", tokens: random.tokens))
            guard let ranked else { continue }
            let gradient = TokenSet.gradient(Array(ranked.prefix(count)))
            sets.append(Set(name: gradient.name, count: count, series: "gradient", tokens: gradient.tokens))
        }
        self.sets = sets
    }

    /// P1's counts, those above the picture's tokens clipped to all of them.
    static func counts(tokens: Int) -> [Int] {
        Swift.Set(TokenSet.counts.map { min($0, tokens) }).sorted()
    }
}
