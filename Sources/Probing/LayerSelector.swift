import JSON

/// Which decoder layers a probe acts on; resolved against the model's depth.
public enum LayerSelector: Sendable, Equatable {
    /// Every layer.
    case all
    /// The listed ones.
    case list([Int])
    /// `l…L-1`.
    case from(Int)
    /// `0…l`.
    case to(Int)
    /// `a…b`, inclusive.
    case window(Int, Int)
    /// All but `a…b`, inclusive.
    case except(Int, Int)
    /// `[center - ⌊width/2⌋, center + ⌈width/2⌉)`, clipped to the model.
    case centered(Int, width: Int)
    /// A half-open part of the depth; how it rounds is experiments' `[f0, f1)` rule, see `resolved`.
    case fraction(Double, Double)

    /// The named parts of the depth.
    public static let presets: [String: LayerSelector] = [
        "early": .fraction(0, 0.31),
        "early-mid": .fraction(0.16, 0.47),
        "mid": .fraction(0.34, 0.66),
        "mid-late": .fraction(0.47, 0.78),
        "late": .fraction(0.66, 1),
    ]

    private static let forms = ["from", "to", "window", "except", "center", "fraction"]

    /// Reads any form of the API.
    public init(_ field: ProbeField) throws(ProbeError) {
        try field.checkOne(of: Self.forms)
        if let name = field.value.string {
            guard let preset = name == "all" ? .all : Self.presets[name] else {
                throw .invalid(
                    field.path,
                    "\"\(name)\" is no layer preset; there are all, \(Self.presets.keys.sorted().joined(separator: ", "))"
                )
            }
            self = preset
        } else if field.value.array != nil {
            self = .list(try field.integers())
        } else if let from = field.member("from") {
            self = .from(try from.integer())
        } else if let to = field.member("to") {
            self = .to(try to.integer())
        } else if let window = field.member("window") {
            let (first, last) = try window.pair()
            self = .window(first, last)
        } else if let except = field.member("except") {
            let (first, last) = try except.pair()
            self = .except(first, last)
        } else if let center = field.member("center") {
            self = .centered(try center.integer(), width: try field.required("width").integer())
        } else if let fraction = field.member("fraction") {
            let ends = try fraction.numbers(2)
            self = .fraction(ends[0], ends[1])
        } else {
            throw .invalid(
                field.path,
                "must be \"all\", a preset, a list, or one of {from}, {to}, {window}, {except}, {center,width}, {fraction}"
            )
        }
    }

    /// The layers of a model with `count` of them, ascending. An empty or out-of-range selection is an error that says
    /// what it resolved to.
    public func resolved(count: Int, parameter: String) throws(ProbeError) -> [Int] {
        func check(_ layers: [Int]) throws(ProbeError) {
            for layer in layers where !(0..<count).contains(layer) {
                throw .unsupported(parameter, "layer \(layer) does not exist; the model has layers 0…\(count - 1)")
            }
        }
        var layers: [Int] = []
        switch self {
        case .all:
            layers = Array(0..<count)
        case .list(let listed):
            try check(listed)
            layers = Array(Set(listed)).sorted()
        case .from(let first):
            try check([first])
            layers = Array(first..<count)
        case .to(let last):
            try check([last])
            layers = Array(0...last)
        case .window(let first, let last):
            try check([first, last])
            layers = first <= last ? Array(first...last) : []
        case .except(let first, let last):
            try check([first, last])
            layers = (0..<count).filter { $0 < first || $0 > last }
        case .centered(let center, let width):
            try check([center])
            guard width > 0, width <= 2 * count else {
                throw .unsupported(parameter, "width is \(width); it must lie in 1…\(2 * count)")
            }
            layers = Array(max(0, center - width / 2)..<min(count, center + (width + 1) / 2))
        case .fraction(let low, let high):
            guard (0...1).contains(low), (0...1).contains(high), low < high else {
                throw .unsupported(parameter, "fraction [\(low), \(high)] must satisfy 0 ≤ f0 < f1 ≤ 1")
            }
            let first = min(Int(low * Double(count) + 0.5), count - 1)
            layers = Array(first..<max(Int(high * Double(count) + 0.5), first + 1))
        }
        guard !layers.isEmpty else {
            throw .unsupported(parameter, "selects no layer of the model's \(count)")
        }
        return layers
    }
}

extension LayerSelector: CustomStringConvertible {
    /// A short name, as in `img->gen@4-7`.
    public var description: String {
        switch self {
        case .all: "all"
        case .list(let layers): layers.map(String.init).joined(separator: ",")
        case .from(let first): "\(first)-"
        case .to(let last): "0-\(last)"
        case .window(let first, let last): "\(first)-\(last)"
        case .except(let first, let last): "except \(first)-\(last)"
        case .centered(let center, let width):
            width % 2 == 1 ? "\(center)±\(width / 2)" : "\(center)-\(width / 2)+\(width / 2 - 1)"
        case .fraction(let low, let high):
            Self.presets.first { $0.value == self }?.key ?? "\(low)…\(high)"
        }
    }
}
