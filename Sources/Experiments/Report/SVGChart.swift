import Foundation

/// Draws a figure as SVG: curves with bands of one standard error, or bars. Colours are the page's, so that one drawing
/// serves light and dark; the numbers stand in titles that a pointer shows.
struct SVGChart {
    /// A mean and how sure it is.
    struct Point {
        let x: Int
        let tally: Tally
    }

    let figure: Figure
    /// Series in order, each with its points by ascending x; bars have one point each.
    let series: [(name: String, points: [Point])]

    private static let (width, height) = (720.0, 340.0)
    private static let (left, right, top, bottom) = (56.0, 16.0, 14.0, 46.0)
    private static let colours = 8

    /// The drawing.
    func svg() -> String {
        let body = figure.axis == .bars ? bars() : curves()
        return
            "<svg viewBox=\"0 0 \(Self.width) \(Self.height)\" role=\"img\" aria-label=\"\(HTML.escaped(figure.name))\">"
            + grid() + body + "</svg>"
    }

    /// The class whose colour a series has.
    static func style(_ index: Int, _ name: String) -> String {
        name == Figure.chance ? "chance" : "s\(index % colours)"
    }

    // MARK: - Private

    /// The standard error of a mean, 0 of a single number.
    private func error(_ tally: Tally) -> Double {
        (tally.deviation ?? 0) / Double(max(1, tally.count)).squareRoot()
    }

    private var range: ClosedRange<Double> {
        guard !figure.isShare else { return 0...1 }
        let means = series.flatMap(\.points).compactMap(\.tally.mean)
        let (low, high) = (min(0, means.min() ?? 0), max(0, means.max() ?? 0))
        return low == high ? low...(low + 1) : low...high
    }

    private var xs: [Int] { Array(Set(series.flatMap(\.points).map(\.x))).sorted() }

    private func y(_ value: Double) -> Double {
        let share =
            (min(max(value, range.lowerBound), range.upperBound) - range.lowerBound)
            / (range.upperBound - range.lowerBound)
        return Self.top + (1 - share) * (Self.height - Self.top - Self.bottom)
    }

    private func x(_ value: Int) -> Double {
        let (first, last) = (Double(xs.first ?? 0), Double(xs.last ?? 1))
        let share = last > first ? (Double(value) - first) / (last - first) : 0.5
        return Self.left + 10 + share * (Self.width - Self.left - Self.right - 20)
    }

    /// Horizontal lines with their values, and the axes' titles.
    private func grid() -> String {
        var text = ""
        for step in 0...4 {
            let value = range.lowerBound + Double(step) / 4 * (range.upperBound - range.lowerBound)
            let line = place(y(value))
            text +=
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(line)\" y2=\"\(line)\"/>"
            text += label(HTML.number(value, digits: 2), Self.left - 8, y(value) + 4, anchor: "end")
        }
        let middle = (Self.height - Self.bottom + Self.top) / 2
        text +=
            "<text class=\"title\" transform=\"translate(14 \(middle)) rotate(-90)\" text-anchor=\"middle\">"
            + "\(HTML.escaped(figure.measure))</text>"
        text +=
            "<text class=\"title\" x=\"\(Self.width / 2)\" y=\"\(Self.height - 8)\" text-anchor=\"middle\">"
            + "\(HTML.escaped(figure.axisTitle))</text>"
        return text
    }

    private func curves() -> String {
        var text = ""
        let stride = max(1, (xs.count + 15) / 16)
        for (index, value) in xs.enumerated() where index % stride == 0 {
            text += label(figure.label(value), x(value), Self.height - Self.bottom + 18, anchor: "middle")
        }
        for (index, line) in series.enumerated() {
            let style = Self.style(index, line.name)
            let points = line.points.compactMap { point in
                point.tally.mean.map { (x: x(point.x), mean: $0, point: point) }
            }
            let upper = points.map { "\(place($0.x)),\(place(y($0.mean + error($0.point.tally))))" }
            let lower = points.reversed().map { "\(place($0.x)),\(place(y($0.mean - error($0.point.tally))))" }
            let path = points.map { "\(place($0.x)),\(place(y($0.mean)))" }.joined(separator: " ")
            if style != "chance" {
                text += "<polygon class=\"band \(style)\" points=\"\((upper + lower).joined(separator: " "))\"/>"
            }
            text += "<polyline class=\"line \(style)\" points=\"\(path)\"/>"
            for point in points where style != "chance" {
                text +=
                    "<circle class=\"dot \(style)\" cx=\"\(place(point.x))\" cy=\"\(place(y(point.mean)))\" r=\"3\">"
                    + title(line.name, at: figure.label(point.point.x), point.point.tally) + "</circle>"
            }
        }
        return text
    }

    private func bars() -> String {
        let slot = (Self.width - Self.left - Self.right) / Double(max(1, series.count))
        var text = ""
        for (index, bar) in series.enumerated() {
            guard let tally = bar.points.first?.tally, let mean = tally.mean else { continue }
            let start = Self.left + slot * Double(index)
            let (high, low) = (y(max(0, mean)), y(min(0, mean)))
            text +=
                "<rect class=\"bar \(Self.style(index, bar.name))\" x=\"\(place(start + slot * 0.2))\" "
                + "y=\"\(place(high))\" width=\"\(place(slot * 0.6))\" height=\"\(place(max(0, low - high)))\">"
                + title(bar.name, at: nil, tally) + "</rect>"
            text += label(HTML.number(mean, digits: 2), start + slot / 2, high - 3, anchor: "middle")
            // A long name goes on in a second line.
            for (line, part) in bar.name.split(separator: ", ").enumerated() {
                let base = Self.height - Self.bottom + 18 + 14 * Double(line)
                text += label(String(part), start + slot / 2, base, anchor: "middle")
            }
        }
        return text
    }

    private func title(_ name: String, at place: String?, _ tally: Tally) -> String {
        let position = place.map { ", \(figure.axisTitle) \($0)" } ?? ""
        let mean = HTML.number(tally.mean ?? 0, digits: 4)
        return "<title>\(HTML.escaped(name + position)): \(mean), n = \(tally.count)</title>"
    }

    private func label(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
        "<text x=\"\(place(x))\" y=\"\(place(y))\" text-anchor=\"\(anchor)\">\(HTML.escaped(text))</text>"
    }

    private func place(_ value: Double) -> String { HTML.number(value, digits: 1) }
}
