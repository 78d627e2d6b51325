import Probing

/// A run of a study, which its answer tells from others by the name.
protocol NamedVariant {
    var name: String { get set }
    /// Whether the body gave the name. Others may be alike.
    var isNamed: Bool { get }
    /// What of the body asked for the run.
    var path: String { get }
}

extension Array where Element: NamedVariant {
    /// The variants with different names: of those called alike that the body gave no name, the later ones are numbered.
    func withDistinctNames() throws(ProbeError) -> [Element] {
        var taken: [String: String] = [:]
        for variant in self where variant.isNamed {
            if let other = taken.updateValue(variant.path, forKey: variant.name) {
                throw .unsupported(
                    variant.path,
                    "\"\(variant.name)\" is what \(other) is called too; give one of them another \"name\""
                )
            }
        }
        var counts: [String: Int] = [:]
        return map { variant in
            guard !variant.isNamed else { return variant }
            var variant = variant
            let name = variant.name
            while taken[variant.name] != nil {
                let number = counts[name, default: 1] + 1
                counts[name] = number
                variant.name = "\(name)#\(number)"
            }
            taken[variant.name] = variant.path
            return variant
        }
    }
}
