import Imaging
public import Models

extension SpanSelector {
    /// The positions of `layout` that the selector means. An empty or out-of-range selection is an error that says what
    /// it resolved to.
    public func resolved(in layout: PromptLayout, parameter: String) throws(ProbeError) -> PositionSet {
        let set = try positions(layout, parameter)
        guard !set.isEmpty else {
            throw .unsupported(
                parameter,
                "selects no position of the prompt's \(layout.length): \(reasonForNothing(in: layout))"
            )
        }
        return set
    }

    /// The same, perhaps empty.
    func positions(_ layout: PromptLayout, _ parameter: String) throws(ProbeError) -> PositionSet {
        let length = layout.length
        switch self {
        case .named(let name):
            guard let positions = layout.positions(named: name) else {
                throw Self.unknown(name, layout, parameter)
            }
            return PositionSet(length: length, positions: positions, generated: name == "generated")
        case .indices(let positions):
            for position in positions where !(0..<length).contains(position) {
                throw .unsupported(
                    parameter,
                    "position \(position) is not in the prompt's 0…\(length - 1); later ones are named \"generated\""
                )
            }
            return PositionSet(length: length, positions: positions)
        case .range(let start, let end):
            guard 0 <= start, start < end, end <= length else {
                throw .unsupported(parameter, "range [\(start), \(end)) must satisfy 0 ≤ a < b ≤ \(length)")
            }
            return PositionSet(length: length, positions: start..<end)
        case .random(let count, let pool, let seed):
            return try Self.drawn(count, from: pool.positions(layout, parameter), seed: seed, parameter)
        case .union(let parts):
            return try Self.folded(parts, layout, parameter) { $0.union($1) }
        case .intersect(let parts):
            return try Self.folded(parts, layout, parameter) { $0.intersection($1) }
        case .minus(let all, let removed):
            return try all.positions(layout, parameter).subtracting(removed.positions(layout, parameter))
        case .topAttended:
            throw .unsupported(
                parameter,
                "top_attended means other positions in each layer; only spans of interventions take it"
            )
        case .dilated(let span, let steps):
            return Self.dilated(try span.positions(layout, parameter), by: steps, layout)
        case .register(let sigma, let index):
            return try Self.registers(of: try image(index, layout, parameter), layout, sigma: sigma)
        case .patches, .box, .polygon, .mask, .rows:
            return try region(layout, parameter)
        }
    }

    // MARK: - Private

    /// A picture that is not there may be in another prompt; any other unknown name is in none.
    private static func unknown(_ name: String, _ layout: PromptLayout, _ parameter: String) -> ProbeError {
        if name.hasPrefix("image:"), Int(name.dropFirst("image:".count)) != nil {
            return .unsupported(
                parameter,
                "\"\(name)\" is not in the prompt, which has \(layout.images.count) pictures"
            )
        }
        let names = PromptLayout.spanNames.joined(separator: ", ")
        return .invalid(parameter, "\"\(name)\" is no span; there are \(names), and image:0, image:1, …")
    }

    private static func folded(
        _ parts: [SpanSelector],
        _ layout: PromptLayout,
        _ parameter: String,
        _ combine: (PositionSet, PositionSet) -> PositionSet
    ) throws(ProbeError) -> PositionSet {
        var result = try parts[0].positions(layout, parameter)
        for part in parts.dropFirst() { result = combine(result, try part.positions(layout, parameter)) }
        return result
    }

    private static func drawn(
        _ count: Int,
        from pool: PositionSet,
        seed: Int,
        _ parameter: String
    ) throws(ProbeError) -> PositionSet {
        let candidates = pool.promptPositions
        guard (1...max(1, candidates.count)).contains(count), !candidates.isEmpty else {
            throw .unsupported(
                parameter,
                "random is \(count); the span it draws from has \(candidates.count) positions"
            )
        }
        var generator = SplitMix64(seed: UInt64(bitPattern: Int64(seed)))
        return PositionSet(length: pool.prompt.count, positions: generator.draw(count, from: candidates))
    }

    private func image(
        _ index: Int,
        _ layout: PromptLayout,
        _ parameter: String
    ) throws(ProbeError) -> ImagePlacement {
        guard layout.images.indices.contains(index) else {
            throw .unsupported(parameter, "picture \(index) is not in the prompt, which has \(layout.images.count)")
        }
        return layout.images[index]
    }

    /// Each picture's patches grown for themselves; positions that are no patches are left out.
    private static func dilated(_ set: PositionSet, by steps: Int, _ layout: PromptLayout) -> PositionSet {
        let positions = layout.images.flatMap { image -> [Int] in
            let first = image.patchPositions.lowerBound
            let patches = image.patchPositions.filter(set.contains).map { $0 - first }
            return PatchSet.at(indices: patches, in: image.geometry).dilated(by: steps).indices.map { first + $0 }
        }
        return PositionSet(length: layout.length, positions: positions)
    }

    /// P1: norm > mean + sigma · standard deviation (unbiased) over this picture's tokens.
    private static func registers(
        of image: ImagePlacement,
        _ layout: PromptLayout,
        sigma: Double
    ) throws(ProbeError) -> PositionSet {
        let norms = RegisterNorms(image.norms, sigma: sigma)
        let positions = zip(image.positions, norms.values).filter { $0.1 > norms.threshold }.map(\.0)
        return PositionSet(length: layout.length, positions: positions)
    }

    /// The patches of a region, as positions.
    private func region(_ layout: PromptLayout, _ parameter: String) throws(ProbeError) -> PositionSet {
        let placement = try image(imageIndex, layout, parameter)
        do {
            let patches = try patches(placement.geometry)
            let first = placement.patchPositions.lowerBound
            return PositionSet(length: layout.length, positions: patches.indices.map { first + $0 })
        } catch {
            throw .unsupported(parameter, error.description)
        }
    }

    private var imageIndex: Int {
        switch self {
        case .patches(_, _, let image), .box(_, _, let image), .polygon(_, _, let image), .mask(_, _, let image),
            .rows(_, let image):
            image
        default: 0
        }
    }

    private func patches(_ geometry: ImageGeometry) throws(ImageError) -> PatchSet {
        switch self {
        case .patches(let places, let buffer, _):
            try PatchSet.at(places.map { (row: $0[0], col: $0[1]) }, in: geometry).dilated(by: buffer)
        case .box(let box, let buffer, _):
            try PatchSet.overlapping(box, in: geometry).dilated(by: buffer)
        case .polygon(let points, let buffer, _):
            try PatchSet.overlapping(polygon: points, in: geometry).dilated(by: buffer)
        case .mask(let mask, let buffer, _):
            try PatchSet.overlapping(mask: mask, in: geometry).dilated(by: buffer)
        case .rows(let rows, _):
            try PatchSet.rows(rows, in: geometry)
        default:
            preconditionFailure("only regions have patches")
        }
    }
}
