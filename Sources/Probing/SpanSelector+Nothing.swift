import Imaging
import Models

extension SpanSelector {
    /// What the selector came to in a layout where it means no position.
    func reasonForNothing(in layout: PromptLayout) -> String {
        func isEmpty(_ span: SpanSelector) -> Bool { (try? span.positions(layout, ""))?.isEmpty ?? true }
        switch self {
        case .named(let name): return "\"\(name)\" has none"
        case .indices, .patches, .rows: return "the list is empty"
        case .range, .random, .topAttended: return "there is none to take"
        case .box(let box, _, let image):
            return Self.missed("the box \(box.text)", box, layout.images[image].geometry)
        case .polygon(let points, _, let image):
            let bounds = points.bounds
            return Self.missed("the polygon within \(bounds.text)", bounds, layout.images[image].geometry)
        case .mask(let mask, _, let image):
            guard let bounds = mask.bounds else {
                return "the mask selects none of its \(mask.isSelected.count) pixels"
            }
            let subject = "the mask, \(mask.count) pixels within \(bounds.text),"
            return Self.missed(subject, bounds, layout.images[image].geometry)
        case .register(let sigma, let image):
            return Self.unremarkable(layout.images[image].norms, sigma: sigma, image: image)
        case .dilated(let span, _):
            return isEmpty(span) ? span.reasonForNothing(in: layout) : "the span to dilate holds no patch"
        case .union(let parts): return parts.map { $0.reasonForNothing(in: layout) }.joined(separator: "; ")
        case .intersect(let parts):
            let empty = parts.first(where: isEmpty)
            return empty?.reasonForNothing(in: layout) ?? "the spans have none in common"
        case .minus(let all, _):
            return isEmpty(all) ? all.reasonForNothing(in: layout) : "all of the first span is taken away"
        }
    }

    // MARK: - Private

    /// Why a region holds no patch.
    private static func missed(_ subject: String, _ bounds: Box, _ geometry: ImageGeometry) -> String {
        let picture = Box(x0: 0, y0: 0, x1: Double(geometry.originalWidth), y1: Double(geometry.originalHeight))
        let size = "\(geometry.originalWidth)x\(geometry.originalHeight) pixels"
        let seen = geometry.seenBox
        if !bounds.touches(picture) { return "\(subject) lies outside the picture of \(size)" }
        let part = "\(seen.text) of the picture's \(size)"
        if bounds.touches(seen) { return "\(subject) covers no patch; the model sees \(part)" }
        return
            "\(subject) lies where preprocessing (\"\(geometry.preprocess.rawValue)\") cuts off; the model sees \(part)"
    }

    /// Why no norm is a register's.
    private static func unremarkable(_ norms: [Float], sigma: Double, image: Int) -> String {
        func text(_ value: Double) -> String { "\((value * 1e4).rounded() / 1e4)" }
        let norms = RegisterNorms(norms, sigma: sigma)
        guard let largest = norms.values.max() else { return "the norms of picture \(image) are not known yet" }
        return
            "no norm of picture \(image)'s \(norms.values.count) tokens exceeds \(text(norms.threshold)), the mean "
            + "\(text(norms.mean)) and sigma \(text(sigma)) times the standard deviation \(text(norms.deviation)); the "
            + "largest is \(text(largest))"
    }
}

extension Box {
    /// Whether both share area, or one without extent lies within the other.
    fileprivate func touches(_ other: Box) -> Bool {
        func overlap(_ low: Double, _ high: Double, _ from: Double, _ to: Double) -> Bool {
            low == high || from == to ? low <= to && from <= high : low < to && from < high
        }
        return overlap(x0, x1, other.x0, other.x1) && overlap(y0, y1, other.y0, other.y1)
    }
}

extension [Point] {
    fileprivate var bounds: Box {
        Box(
            x0: map(\.x).min() ?? 0,
            y0: map(\.y).min() ?? 0,
            x1: map(\.x).max() ?? 0,
            y1: map(\.y).max() ?? 0
        )
    }
}
