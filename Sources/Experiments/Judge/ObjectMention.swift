/// A tangible object that a text names.
public struct ObjectMention: Sendable, Equatable {
    /// The name in the singular, as in `armchair`.
    public let name: String
    /// The class that synonyms share, as in `chair`.
    public let objectClass: String
    /// The words of the text that name it, determiner left out.
    public internal(set) var text: String
    /// Stated colours and sizes.
    var attributes: [Attribute: Set<String>]
    /// Whether the text may mean an object that it named before.
    let mayReferBack: Bool
    /// Whether the text names several.
    let isPlural: Bool
    /// Whether the text picks it out of several.
    let isPartitive: Bool

    /// Whether both may be the same object: one class, and no colour or size of one contradicts the other's.
    func isCompatible(with other: ObjectMention) -> Bool {
        guard objectClass == other.objectClass else { return false }
        return attributes.allSatisfy { axis, values in
            other.attributes[axis].map { !$0.isDisjoint(with: values) } ?? true
        }
    }

    /// Whether this is another word for `earlier`: the same name, or the name of its whole class.
    func refersBack(to earlier: ObjectMention) -> Bool {
        (mayReferBack || isPartitive && earlier.isPlural) && isCompatible(with: earlier)
            && (name == earlier.name || name == objectClass || earlier.name == earlier.objectClass)
    }

    /// How much two compatible mentions agree on.
    func likeness(to other: ObjectMention) -> Int {
        let shared = attributes.reduce(0) { $0 + ($1.value == other.attributes[$1.key] ? 1 : 0) }
        return shared * 2 + (name == other.name ? 1 : 0)
    }
}
