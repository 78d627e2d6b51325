/// The closed classes of English words that bound noun phrases.
enum Grammar {
    /// What a determiner says of the noun it introduces.
    enum Determiner {
        /// `the dog`, `his dog`: perhaps one that was named before.
        case definite
        /// `a dog`, `two dogs`, `some dogs`: a new one.
        case indefinite
        /// `no dog`: none.
        case negative
    }

    static func determiner(_ word: String) -> Determiner? {
        if negatives.contains(word) { return .negative }
        if definites.contains(word) { return .definite }
        return indefinites.contains(word) || Int(word) != nil ? .indefinite : nil
    }

    /// Whether the determiner picks out of several: `one giraffe`, `the other dog`.
    static func isPartitive(_ word: String) -> Bool { partitives.contains(word) }

    /// A kind of attribute and its value, `nil` for other words: red objects are not blue ones, small not large ones.
    static func attribute(_ word: String) -> (axis: Attribute, value: String)? {
        if let color = colors[word] { return (.color, color) }
        if let size = sizes[word] { return (.size, size) }
        return nil
    }

    /// Whether a phrase ends before the word, given that the word names no object.
    static func isBoundary(_ word: String) -> Bool { boundaries.contains(word) }

    /// Nouns that name no tangible object.
    static func isIntangible(_ noun: String) -> Bool { intangibles.contains(noun) }

    /// Nouns that only count or arrange others: `a group of people`.
    static func isMeasure(_ noun: String) -> Bool { measures.contains(noun) }

    /// Names of objects that are verbs behind a name of a living thing: `people cross the street`.
    static func isVerbToo(_ noun: String) -> Bool { verbsToo.contains(noun) }

    /// Words behind which a bare noun is a verb: `to train`, `can fly`.
    static func precedesVerb(_ word: String) -> Bool { verbHeralds.contains(word) }

    /// Words whose `to` is a preposition: `next to`, `close to`.
    static func takesTo(_ word: String) -> Bool { prepositionalTo.contains(word) }

    static let copulas: Set<String> = ["is", "are", "was", "were", "appears", "looks", "seems"]

    // MARK: - Private

    private static func set(_ words: String) -> Set<String> {
        Set(words.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    private static let negatives = set("no neither nor without")
    private static let definites = set("the this that these those his her its their our my your both")
    private static let indefinites = set(
        """
        a an another each every some several many few multiple various numerous countless different other more one two
        three four five six seven eight nine ten eleven twelve dozen dozens hundreds any lots
        """
    )

    private static let partitives = set("one other each every both")

    private static let colors = [
        "red": "red", "reddish": "red", "crimson": "red", "scarlet": "red", "maroon": "red", "green": "green",
        "greenish": "green", "blue": "blue", "bluish": "blue", "navy": "blue", "turquoise": "blue", "yellow": "yellow",
        "yellowish": "yellow", "golden": "yellow", "purple": "purple", "violet": "purple", "pink": "pink",
        "pinkish": "pink", "magenta": "pink", "white": "white", "whitish": "white", "black": "black",
        "orange": "orange", "brown": "brown", "brownish": "brown", "tan": "brown", "beige": "brown", "gray": "gray",
        "grey": "gray", "grayish": "gray", "greyish": "gray", "silver": "gray",
    ]

    private static let sizes = [
        "small": "small", "little": "small", "tiny": "small", "mini": "small", "smaller": "small", "large": "large",
        "big": "large", "huge": "large", "giant": "large", "enormous": "large", "massive": "large", "larger": "large",
        "bigger": "large", "medium": "medium", "medium-sized": "medium",
    ]

    private static let boundaries = set(
        """
        about above across after against along alongside among amongst around as at atop before behind below beneath
        beside besides between beyond by down during for from in inside into like near nearby of off on onto opposite
        out outside over past through throughout to toward towards under underneath until up upon via with within
        and but or so yet because since than then though although if when where while which who whose whom what how why
        i me you he him she it we us they them there here itself himself herself themselves not also too very only just
        even still again often perhaps possibly likely both either is are was were be been being am has have had having
        do does did can could will would shall should may might must isn't aren't doesn't don't
        show shows depict depicts feature features contain contains include includes display displays capture captures
        sit sits stand stands lie lies rest rests hang hangs appear appears look looks seem seems walk walks run runs
        ride rides hold holds wear wears play plays eat eats drink drinks fly flies face faces cover covers surround
        surrounds fill fills create creates add adds give gives make makes take takes watch watches wait waits point
        points carry carries use uses catch catches hit hits throw throws swing swings reach reaches lead leads line
        lines visible present located situated placed positioned next close front top left right together
        """
    )

    private static let measures = set(
        """
        group pair bunch couple roll number variety lot piece slice stack row herd flock set series kind type sort pile line
        array collection selection range handful cluster assortment portion bit team lots mix mixture
        """
    )

    private static let intangibles = set(
        """
        image picture photo photograph scene view background foreground top bottom left right side center centre middle
        corner edge front back part area setting atmosphere composition color colour shape size style day time night
        morning afternoon evening way activity moment position distance direction surface detail focus lighting light
        shadow effect sense feeling mood presence addition game event action ground air sky sunlight sun weather
        background environment space place location spot room kitchen bathroom bedroom park beach city town field
        street scene object item thing element variety group number couple lot kind type sort end rest other one
        angle perspective pattern texture contrast hand head face eye leg arm hair body mouth ear tail nose finger
        foot tooth skin expression smile pose conversation interaction meal food trick attention overview impression
        appearance arrangement design material purpose reason fact case example word text letter name order line row
        world life work job trip ride walk race match sport holiday celebration party occasion year month week hour
        minute second first last same turn outdoor indoor ambiance ambience charm touch depth interest
        """
    )

    private static let verbsToo = set(
        "cross watch wave dot ring park plant fish fly train ship box book table paint drum fence line tie star fan rail"
    )
    private static let verbHeralds = set("to can could will would shall should may might must")
    private static let prepositionalTo = set(
        "next close adjacent due similar attached connected opposed according near"
    )
}

/// What two mentions of one object cannot contradict each other in.
enum Attribute: String, Sendable, CaseIterable {
    case color
    case size
}
