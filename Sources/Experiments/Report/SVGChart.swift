import Foundation

/// Draws a figure as SVG: curves with bands of one standard error, or bars with whiskers of as much. Colours are the
/// page's, so that one drawing serves light and dark; the numbers stand in titles that a pointer shows.
struct SVGChart {
    /// A mean and how sure it is.
    struct Point {
        let x: Int
        let estimate: Estimate
    }

    /// A curve by ascending x, or a bar with its one point.
    struct Series {
        let name: String
        let points: [Point]
    }

    let figure: Figure
    let series: [Series]

    /// Values that the axis of the measure shows, round ones that enclose everything.
    private let ticks: [Double]

    private static let width = 520.0
    private static let (left, right, top, bottom) = (56.0, 14.0, 10.0, 44.0)
    private static let curvesHeight = 290.0
    private static let colours = 8

    /// A figure's drawing; bars have one point each.
    init(figure: Figure, series: [Series]) {
        self.figure = figure
        self.series = series
        let estimates = series.flatMap(\.points).map(\.estimate)
        ticks =
            figure.isShare
            ? [0, 0.25, 0.5, 0.75, 1]
            : Self.ticks(
                from: min(0, estimates.map { $0.mean - $0.error }.min() ?? 0),
                to: max(0, estimates.map { $0.mean + $0.error }.max() ?? 0)
            )
    }

    /// The drawing.
    func svg() -> String {
        let (body, height) = figure.axis == .bars ? bars() : (grid() + curves(), Self.curvesHeight)
        return
            "<svg viewBox=\"0 0 \(place(Self.width)) \(place(height))\" role=\"img\" "
            + "aria-label=\"\(HTML.escaped(figure.name))\">" + body + "</svg>"
    }

    /// The class whose colour a series has.
    static func style(_ index: Int, _ name: String) -> String {
        name == Figure.chance ? "chance" : "s\(index % colours)"
    }

    /// Multiples of 1, 2 or 5 times a power of ten that enclose a range in three to seven steps.
    static func ticks(from low: Double, to high: Double) -> [Double] {
        guard high > low else { return [low, low + 1] }
        let power = pow(10, floor(log10((high - low) / 3)))
        let step = [5.0, 2, 1].map { $0 * power }.first { $0 <= (high - low) / 3 } ?? power
        return (Int(floor(low / step))...Int(ceil(high / step))).map { Double($0) * step }
    }

    // MARK: - Values

    private var range: ClosedRange<Double> { (ticks.first ?? 0)...(ticks.last ?? 1) }

    private var xs: [Int] { Array(Set(series.flatMap(\.points).map(\.x))).sorted() }

    /// Digits that the values of ticks need.
    private var digits: Int { ticks.allSatisfy { $0 == $0.rounded() } ? 0 : 2 }

    private func share(_ value: Double) -> Double {
        (min(max(value, range.lowerBound), range.upperBound) - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    private func text(_ estimate: Estimate, _ name: String, at position: String?) -> String {
        let position = position.map { ", \(figure.axisTitle) \($0)" } ?? ""
        let numbers = "\(HTML.number(estimate.mean, digits: 4)) ± \(HTML.number(estimate.error, digits: 4))"
        return "<title>\(HTML.escaped(name + position)): \(numbers), n = \(estimate.count)</title>"
    }

    // MARK: - Curves

    private func y(_ value: Double) -> Double {
        Self.top + (1 - share(value)) * (Self.curvesHeight - Self.top - Self.bottom)
    }

    /// Places are equally far apart, whatever numbers stand there.
    private func x(_ value: Int) -> Double {
        let index = Double(xs.firstIndex(of: value) ?? 0)
        let share = xs.count > 1 ? index / Double(xs.count - 1) : 0.5
        return Self.left + 12 + share * (Self.width - Self.left - Self.right - 24)
    }

    /// Horizontal lines with their values, and the axes' titles.
    private func grid() -> String {
        var text = ""
        for value in ticks {
            text += line("grid", (Self.left, y(value)), (Self.width - Self.right, y(value)))
            text += label(HTML.number(value, digits: digits), Self.left - 8, y(value) + 4, anchor: "end")
        }
        if range.lowerBound < 0 { text += line("zero", (Self.left, y(0)), (Self.width - Self.right, y(0))) }
        let middle = (Self.curvesHeight - Self.bottom + Self.top) / 2
        text +=
            "<text class=\"title\" transform=\"translate(12 \(place(middle))) rotate(-90)\" text-anchor=\"middle\">"
            + "\(HTML.escaped(figure.measure))</text>"
        text +=
            "<text class=\"title\" x=\"\(place((Self.left + Self.width) / 2))\" y=\"\(place(Self.curvesHeight - 6))\" "
            + "text-anchor=\"middle\">\(HTML.escaped(figure.axisTitle))</text>"
        return text
    }

    private func curves() -> String {
        var drawing = ""
        let stride = max(1, (xs.count + 15) / 16)
        for (index, value) in xs.enumerated() where index % stride == 0 {
            drawing += label(figure.label(value), x(value), Self.curvesHeight - Self.bottom + 18, anchor: "middle")
        }
        for (index, curve) in series.enumerated() {
            let style = Self.style(index, curve.name)
            func path(_ points: [Point], _ value: (Estimate) -> Double) -> [String] {
                points.map { "\(place(x($0.x))),\(place(y(value($0.estimate))))" }
            }
            if style != "chance" {
                let upper = path(curve.points) { $0.mean + $0.error }
                let lower = path(curve.points.reversed()) { $0.mean - $0.error }
                drawing += "<polygon class=\"band \(style)\" points=\"\((upper + lower).joined(separator: " "))\"/>"
            }
            let means = path(curve.points, \.mean).joined(separator: " ")
            drawing += "<polyline class=\"line \(style)\" points=\"\(means)\"/>"
            for point in curve.points where style != "chance" {
                let (px, py) = (place(x(point.x)), place(y(point.estimate.mean)))
                drawing +=
                    "<circle class=\"dot \(style)\" cx=\"\(px)\" cy=\"\(py)\" r=\"3\">"
                    + text(point.estimate, curve.name, at: figure.label(point.x)) + "</circle>"
            }
        }
        return drawing
    }

    // MARK: - Bars

    /// A few bars are as high as a chart of curves.
    private var barHeight: Double { min(34, max(20, 235 / Double(max(1, series.count)))) }
    private static let (barLeft, barRight) = (150.0, 100.0)

    /// One bar below the other, names at the left and numbers at the right; and how high that is.
    private func bars() -> (drawing: String, height: Double) {
        let width = Self.width - Self.barLeft - Self.barRight
        func x(_ value: Double) -> Double { Self.barLeft + share(value) * width }
        let end = 6 + barHeight * Double(series.count)
        var drawing = ""
        for value in ticks {
            drawing += line("grid", (x(value), 4), (x(value), end))
            drawing += label(HTML.number(value, digits: digits), x(value), end + 14, anchor: "middle")
        }
        for (index, bar) in series.enumerated() {
            guard let estimate = bar.points.first?.estimate else { continue }
            let top = 6 + barHeight * Double(index)
            let middle = top + barHeight / 2
            let (low, high) = (x(min(0, estimate.mean)), x(max(0, estimate.mean)))
            drawing +=
                "<rect class=\"bar s0\" x=\"\(place(low))\" y=\"\(place(top + 4))\" "
                + "width=\"\(place(max(1, high - low)))\" height=\"\(place(barHeight - 8))\">"
                + text(estimate, bar.name, at: nil) + "</rect>"
            let ends = (x(estimate.mean - estimate.error), x(estimate.mean + estimate.error))
            if estimate.error > 0 { drawing += line("whisker", (ends.0, middle), (ends.1, middle)) }
            drawing += label(bar.name, Self.barLeft - 8, middle + 4, anchor: "end")
            let numbers = [estimate.mean, estimate.error].map { HTML.number($0, digits: max(digits, 1)) }
            drawing += label(numbers.joined(separator: " ± "), Self.width - 4, middle + 4, anchor: "end")
        }
        if range.lowerBound < 0 { drawing += line("zero", (x(0), 4), (x(0), end)) }
        drawing +=
            "<text class=\"title\" x=\"\(place(Self.barLeft + width / 2))\" y=\"\(place(end + 32))\" "
            + "text-anchor=\"middle\">\(HTML.escaped(figure.measure))</text>"
        return (drawing, end + 40)
    }

    // MARK: - Elements

    private func line(_ style: String, _ start: (Double, Double), _ end: (Double, Double)) -> String {
        "<line class=\"\(style)\" x1=\"\(place(start.0))\" y1=\"\(place(start.1))\" x2=\"\(place(end.0))\" "
            + "y2=\"\(place(end.1))\"/>"
    }

    private func label(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
        "<text x=\"\(place(x))\" y=\"\(place(y))\" text-anchor=\"\(anchor)\">\(HTML.escaped(text))</text>"
    }

    private func place(_ value: Double) -> String { HTML.number(value, digits: 1) }
}
