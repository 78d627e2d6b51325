public import Probing

/// The sets of image tokens that P1 ablates.
public struct TokenSet: Sendable {
    /// What results call it: `object+1`, `random-20`, `register`.
    public let name: String
    /// The tokens.
    public let tokens: SpanSelector

    /// The object's patches, and with one and two rings of neighbours around them.
    public static func object(_ object: SpanSelector) -> [TokenSet] {
        [
            TokenSet(name: "object", tokens: object),
            TokenSet(name: "object+1", tokens: .dilated(object, by: 1)),
            TokenSet(name: "object+2", tokens: .dilated(object, by: 2)),
        ]
    }

    /// `count` image tokens drawn with a seed.
    public static func random(_ count: Int, seed: Int) -> TokenSet {
        TokenSet(name: "random-\(count)", tokens: .random(count, of: .named("image"), seed: seed))
    }

    /// Tokens that were chosen by gradients.
    public static func gradient(_ positions: [Int]) -> TokenSet {
        TokenSet(name: "gradient-\(positions.count)", tokens: .indices(positions.sorted()))
    }

    /// Tokens whose norm exceeds the picture's mean by two standard deviations.
    public static func registers(image: Int = 0) -> TokenSet {
        TokenSet(name: "register", tokens: .register(sigma: 2, image: image))
    }

    /// P1's counts for random and gradient sets.
    public static let counts = [5, 10, 20, 40, 60, 100, 250]
}
