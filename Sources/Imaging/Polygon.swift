/// A closed polygon, filled by the even–odd rule.
struct Polygon: Sendable {
    /// A selection drawn by hand has hundreds of points; the limit bounds the work of points × patches.
    static let maxPoints = 10_000

    private let points: [Point]

    init(_ points: [Point]) throws(ImageError) {
        guard 3...Self.maxPoints ~= points.count else {
            throw .invalidSelection("a polygon has 3 to \(Self.maxPoints) points, not \(points.count)")
        }
        if let bad = points.first(where: { !$0.x.isFinite || !$0.y.isFinite }) {
            throw .invalidSelection("polygon point [\(bad.x), \(bad.y)] is not finite")
        }
        self.points = points
    }

    /// True if an edge passes through the box's interior or, where none does, if the box lies wholly inside.
    func overlaps(_ box: Box) -> Bool {
        let center = Point(x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2)
        return edges.contains { Self.crosses($0, $1, box) } || contains(center)
    }

    /// Where the edges cross a horizontal line, in no order; an even number of times.
    func crossings(y: Double) -> [Double] {
        edges.filter { ($0.y > y) != ($1.y > y) }.map { a, b in a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x) }
    }

    // MARK: - Private

    private var edges: some Sequence<(Point, Point)> {
        zip(points, points.dropFirst() + points.prefix(1))
    }

    private func contains(_ point: Point) -> Bool {
        crossings(y: point.y).count { point.x < $0 } % 2 == 1
    }

    /// Clips the segment to the open box along each axis (Liang–Barsky): something is left if they cross.
    private static func crosses(_ a: Point, _ b: Point, _ box: Box) -> Bool {
        guard let x = inside(a.x, b.x, box.x0, box.x1), let y = inside(a.y, b.y, box.y0, box.y1) else { return false }
        return max(x.lowerBound, y.lowerBound) < min(x.upperBound, y.upperBound)
    }

    /// The part of the way from `a` to `b`, within 0…1, that lies strictly between `low` and `high`.
    private static func inside(_ a: Double, _ b: Double, _ low: Double, _ high: Double) -> ClosedRange<Double>? {
        guard a != b else { return low < a && a < high ? 0...1 : nil }
        let first = (low - a) / (b - a)
        let second = (high - a) / (b - a)
        let enter = max(0, min(first, second))
        let leave = min(1, max(first, second))
        return enter < leave ? enter...leave : nil
    }
}
