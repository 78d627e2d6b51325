/// What code that was released with the papers does otherwise than their texts say, and what moves their numbers thereby.
/// Results are right without; `--compat reference` does the same, so that numbers can be compared.
public enum ReferenceQuirk: String, Sendable, CaseIterable {
    /// A knockout from layer l on begins behind it.
    case laterLayers = "later-layers"
    /// Patches are laid out by dividing pixels as integers.
    case floorGrid = "floor-grid"
    /// A word's rows are kept under the word.
    case lastMention = "last-mention"
    /// A map is scaled by its own extremes before it is read.
    case scaledMaps = "scaled-maps"
    /// Words are looked for as letters.
    case substrings
    /// The last hidden state passes the final norm twice.
    case normedTwice = "normed-twice"

    /// What it does, in a sentence.
    public var summary: String {
        switch self {
        case .laterLayers:
            "A knockout from layer l on cuts the layers above l, not l itself; from the last layer on it cuts nothing."
        case .floorGrid:
            "A patch is ⌊width / columns⌋ by ⌊height / rows⌋ pixels, counted from the picture's top left corner, whatever "
                + "preprocessing cut off or added: the grid drifts towards the far edges."
        case .lastMention:
            "Of the places where an answer says a word the last one alone counts: they share a key in a dictionary."
        case .scaledMaps:
            "Each map is scaled to 0…1 by its own extremes first, which changes its mass; a constant one peaks in the "
                + "first pixel and has no mass."
        case .substrings: "A name is found inside other words too: \"car\" in \"carpet\", \"yes\" in \"eyes\"."
        case .normedTwice: "The last hidden state is normed twice before it is read as words."
        }
    }
}
