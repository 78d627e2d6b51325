public import JSON

/// The results of an experiment as a table and as a page, made from its lines alone: it can be made again at any time.
public struct ExperimentReport: Sendable {
    /// The experiment.
    public let name: String
    /// What was measured, in words.
    let summary: String
    /// The model, by fact.
    let model: [(String, String)]
    /// What the results were made with, by setting.
    let settings: [(String, String)]
    /// Pictures.
    let pictures: Int
    /// What was found in each picture.
    let items: [ItemResult]
    private let figures: [Figure]
    private let headlines: [Headline]
    private let claims: [Claim]
    private let quirks: [ReferenceQuirk]
    private let estimates: Estimates

    /// Sums up what was found in each picture.
    ///
    /// - Parameter settings: What the results were made with: `model` and `settings`, each an object.
    public init(_ experiment: any Experiment, on bench: ExperimentBench, settings: JSONValue, items: [ItemResult]) {
        name = experiment.name
        summary = experiment.summary
        figures = experiment.figures(bench)
        headlines = experiment.headlines(bench)
        claims = experiment.claims(bench)
        quirks = experiment.quirks.filter(bench.settings.quirks.contains)
        model = Self.facts(settings["model"])
        self.settings = Self.facts(settings["settings"])
        pictures = items.count
        self.items = items
        estimates = Estimates(items)
    }

    /// One line for each place: figure, series, x, count, mean, standard deviation, standard error. RFC 4180.
    public var csv: String {
        var text = "figure,series,x,n,mean,sd,se\r\n"
        for key in estimates.keys {
            guard let estimate = estimates[key] else { continue }
            let numbers = [
                key.x.map(String.init) ?? "", String(estimate.count), estimate.mean.description,
                estimate.deviation.description, estimate.error.description,
            ]
            text += ([Self.field(key.figure), Self.field(key.series)] + numbers).joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// A page that needs nothing beside itself: drawings, tables, settings; light or dark as the reader's system is.
    public var html: String {
        let body = "<h1>\(HTML.escaped(name))</h1>" + content + ReportPage.facts("Settings", model + settings)
        return ReportPage.html(title: name, body: body)
    }

    /// The numbers that say most: what, and the estimate; those that nothing was measured of are left out.
    var keyNumbers: [(text: String, estimate: Estimate)] {
        headlines.compactMap { headline in estimates[headline.key].map { (headline.text, $0) } }
    }

    /// What the paper finds, and whether it appears here.
    var verdicts: [String] { claims.compactMap { $0.verdict(estimates) } }

    /// Everything between the title and the settings.
    var content: String {
        let skipped = items.count { $0.details["skipped"] != nil }
        var body = "<p>\(HTML.escaped(summary))</p><p class=\"count\">\(pictures) pictures"
        if skipped > 0 { body += ", \(skipped) of them skipped" }
        body += ". Bands and whiskers are one standard error; pictures count as independent, their tokens do not.</p>"
        body += quirkNotes
        if !verdicts.isEmpty {
            body += "<ul class=\"verdicts\">" + verdicts.map { "<li>\(HTML.escaped($0))</li>" }.joined() + "</ul>"
        }
        body += "<div class=\"figures\">"
        for figure in figures {
            let series = series(of: figure)
            body += "<figure><figcaption><b>\(HTML.escaped(figure.name))</b>"
            if let note = figure.note { body += " \(HTML.escaped(note))" }
            body += "</figcaption>"
            body +=
                series.isEmpty
                ? "<p>Nothing was measured.</p>"
                : SVGChart(figure: figure, series: series).svg() + legend(series.map(\.name), figure)
                    + table(figure, series)
            body += "</figure>"
        }
        return body + "</div>"
    }

    // MARK: - Private

    private var quirkNotes: String {
        guard !quirks.isEmpty else { return "" }
        let notes = quirks.map { "<li><b>\($0.rawValue)</b>: \(HTML.escaped($0.summary))</li>" }
        return
            "<div class=\"notice\"><p><b>--compat reference.</b> These numbers reproduce quirks of the papers' released "
            + "code:</p><ul class=\"plain\">\(notes.joined())</ul></div>"
    }

    private func series(of figure: Figure) -> [SVGChart.Series] {
        var names: [String] = []
        var points: [String: [SVGChart.Point]] = [:]
        for key in estimates.keys where key.figure == figure.name {
            guard let estimate = estimates[key] else { continue }
            if points[key.series] == nil { names.append(key.series) }
            points[key.series, default: []].append(SVGChart.Point(x: key.x ?? 0, estimate: estimate))
        }
        return names.map { SVGChart.Series(name: $0, points: (points[$0] ?? []).sorted { $0.x < $1.x }) }
    }

    private func legend(_ names: [String], _ figure: Figure) -> String {
        guard figure.axis != .bars, names.count > 1 else { return "" }
        let entries = names.enumerated().map { index, name in
            "<li class=\"\(SVGChart.style(index, name))\">\(HTML.escaped(name))</li>"
        }
        return "<ul class=\"legend\">\(entries.joined())</ul>"
    }

    /// Every number of a figure: mean, standard error, deviation and count.
    private func table(_ figure: Figure, _ series: [SVGChart.Series]) -> String {
        var text = "<details><summary>numbers</summary><table><tr><th></th><th>\(HTML.escaped(figure.axisTitle))</th>"
        text += "<th>mean</th><th>se</th><th>sd</th><th>n</th><th>pictures</th></tr>"
        for line in series {
            for point in line.points {
                let place = figure.axis == .bars ? "" : figure.label(point.x)
                let numbers = [point.estimate.mean, point.estimate.error, point.estimate.deviation]
                let cells =
                    [line.name, place] + numbers.map { HTML.number($0, digits: 4) }
                    + [String(point.estimate.count), String(point.estimate.pictures)]
                text += "<tr>" + cells.map { "<td>\(HTML.escaped($0))</td>" }.joined() + "</tr>"
            }
        }
        return text + "</table></details>"
    }

    /// Members of an object, by name.
    private static func facts(_ object: JSONValue?) -> [(String, String)] {
        (object?.object ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, text($0.value)) }
    }

    private static func text(_ value: JSONValue) -> String {
        value.string ?? String(decoding: value.serialized(), as: UTF8.self)
    }

    static func field(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
