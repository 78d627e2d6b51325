public import JSON

/// The results of an experiment as a table and as a page, made from its lines alone: it can be made again at any time.
public struct ExperimentReport: Sendable {
    /// What was measured, in words.
    private let name: String
    private let summary: String
    private let figures: [Figure]
    private let facts: [(String, String)]
    private let items: Int
    private let measurements: Measurements

    /// Sums up what was found in each picture.
    ///
    /// - Parameters:
    ///   - figures: How measurements are drawn; those of no figure are in the table alone.
    ///   - settings: What the results were made with, an object of objects.
    public init(_ experiment: any Experiment, figures: [Figure], settings: JSONValue, items: [ItemResult]) {
        name = experiment.name
        summary = experiment.summary
        self.figures = figures
        self.items = items.count
        facts = Self.facts(settings)
        var all = Measurements()
        for item in items { all.add(item.measurements) }
        measurements = all
    }

    /// One line for each place: figure, series, x, count, mean, standard deviation. RFC 4180.
    public var csv: String {
        var text = "figure,series,x,n,mean,sd\r\n"
        for key in measurements.keys {
            let tally = measurements[key]
            let numbers = [
                key.x.map(String.init) ?? "", String(tally.count), tally.mean?.description ?? "",
                tally.deviation?.description ?? "",
            ]
            text += ([Self.field(key.figure), Self.field(key.series)] + numbers).joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// A page that needs nothing beside itself: drawings, tables, settings; light or dark as the reader's system is.
    public var html: String {
        var body = "<h1>\(HTML.escaped(name))</h1><p>\(HTML.escaped(summary))</p>"
        body += "<p>\(items) pictures. Bands are one standard error of the mean.</p>"
        for figure in figures {
            let series = series(of: figure)
            body += "<section><h2>\(HTML.escaped(figure.name))</h2>"
            if let note = figure.note { body += "<p>\(HTML.escaped(note))</p>" }
            if series.isEmpty {
                body += "<p>Nothing was measured.</p></section>"
                continue
            }
            body += legend(series.map(\.name), figure) + SVGChart(figure: figure, series: series).svg()
            body += table(figure, series) + "</section>"
        }
        body += "<section><h2>settings</h2><table>"
        for (name, value) in facts {
            body += "<tr><th>\(HTML.escaped(name))</th><td>\(HTML.escaped(value))</td></tr>"
        }
        body += "</table></section>"
        return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width\"><title>\(HTML.escaped(name))</title>"
            + "<style>\(Self.style)</style></head><body>\(body)</body></html>\n"
    }

    // MARK: - Private

    private func series(of figure: Figure) -> [(name: String, points: [SVGChart.Point])] {
        var names: [String] = []
        var points: [String: [SVGChart.Point]] = [:]
        for key in measurements.keys where key.figure == figure.name {
            if points[key.series] == nil { names.append(key.series) }
            points[key.series, default: []].append(SVGChart.Point(x: key.x ?? 0, tally: measurements[key]))
        }
        return names.map { name in (name, (points[name] ?? []).sorted { $0.x < $1.x }) }
    }

    private func legend(_ names: [String], _ figure: Figure) -> String {
        guard figure.axis != .bars else { return "" }
        let entries = names.enumerated().map { index, name in
            "<li class=\"\(SVGChart.style(index, name))\">\(HTML.escaped(name))</li>"
        }
        return "<ul>\(entries.joined())</ul>"
    }

    /// Every number of a figure: mean, deviation and count.
    private func table(_ figure: Figure, _ series: [(name: String, points: [SVGChart.Point])]) -> String {
        var text = "<details><summary>numbers</summary><table><tr><th></th>"
        text += "<th>\(HTML.escaped(figure.axisTitle))</th><th>mean</th><th>sd</th><th>n</th></tr>"
        for line in series {
            for point in line.points {
                let place = figure.axis == .bars ? "" : figure.label(point.x)
                text +=
                    "<tr><td>\(HTML.escaped(line.name))</td><td>\(HTML.escaped(place))</td>"
                    + "<td>\(HTML.number(point.tally.mean ?? 0, digits: 4))</td>"
                    + "<td>\(HTML.number(point.tally.deviation ?? 0, digits: 4))</td>"
                    + "<td>\(point.tally.count)</td></tr>"
            }
        }
        return text + "</table></details>"
    }

    /// Members of an object of objects, by name.
    private static func facts(_ settings: JSONValue) -> [(String, String)] {
        (settings.object ?? [:]).sorted { $0.key < $1.key }.flatMap { group, value in
            guard let members = value.object else { return [(group, text(value))] }
            return members.sorted { $0.key < $1.key }.map { ("\(group) \($0.key)", text($0.value)) }
        }
    }

    private static func text(_ value: JSONValue) -> String {
        value.string ?? String(decoding: value.serialized(), as: UTF8.self)
    }

    private static func field(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// Okabe and Ito's colours, which differ for colour-blind readers too; yellow is left out on white.
    private static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--faint:#c9ced6;--paper:#fff}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--faint:#3c434d;--paper:#14171b}}
        body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;color:var(--ink);\
        background:var(--paper)}
        h2{margin-top:2rem;font-size:1.1rem}svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--ink)}
        .grid{stroke:var(--faint)}.line{fill:none;stroke:var(--c);stroke-width:2}.band{fill:var(--c);opacity:.15}
        .dot,.bar{fill:var(--c)}.line.chance{stroke-dasharray:5 4}
        ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0}
        li::before{content:"";display:inline-block;width:.8em;height:.8em;margin-right:.4em;background:var(--c)}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        td,th{text-align:left;padding:.1rem .8rem .1rem 0;border-bottom:1px solid var(--faint);vertical-align:top}
        .s0{--c:#0072b2}.s1{--c:#d55e00}.s2{--c:#009e73}.s3{--c:#cc79a7}.s4{--c:#56b4e9}.s5{--c:#e69f00}.s6{--c:#8b6fd0}
        .s7{--c:#7f8793}.chance{--c:var(--ink)}
        """
}
