import Foundation
import Imaging

/// The reports of several experiments over the same pictures as one page that needs nothing beside itself.
struct IndexReport {
    let reports: [ExperimentReport]
    /// Experiments that were not run, and why.
    let leftOut: [(name: String, reason: String)]
    /// The first pictures, as files, with what the model says of them.
    let samples: [(bytes: Data, caption: String)]

    /// Pixels along a sample's longer side, and how many samples a page shows.
    private static let sampleSide = 96
    static let sampleCount = 8

    /// One line for each key number: experiment, what, count, mean, standard error. RFC 4180.
    var csv: String {
        let lines = reports.flatMap { report in
            report.keyNumbers.map { number in
                [
                    ExperimentReport.field(report.name), ExperimentReport.field(number.text),
                    String(number.estimate.count), number.estimate.mean.description, number.estimate.error.description,
                ].joined(separator: ",")
            }
        }
        return (["experiment,number,n,mean,se"] + lines).map { $0 + "\r\n" }.joined()
    }

    /// The page.
    var html: String {
        var body = "<h1>The papers' experiments on \(HTML.escaped(modelName))</h1><p class=\"lead\">"
        body += HTML.escaped(
            "P1 is \"Towards Interpreting Visual Information Processing in Vision-Language Models\" (arXiv 2410.07149), P2 "
                + "\"What's in the Image? A Deep-Dive into the Vision of Vision Language Models\" (arXiv 2411.17491). Every "
                + "number can be made again from the lines in items.jsonl beside each experiment."
        )
        body += "</p>" + contents + shots + verdicts + keyNumbers
        for report in reports {
            body += "<section><h2 id=\"\(HTML.escaped(report.name))\">\(HTML.escaped(report.name))</h2>"
            body += report.content + "</section>"
        }
        body += leftOut.map { "<p>Not run: \(HTML.escaped("\($0.name), \($0.reason)")).</p>" }.joined()
        if let first = reports.first { body += ReportPage.facts("Settings", first.model + first.settings) }
        return ReportPage.html(title: "Experiments on \(modelName)", body: body)
    }

    // MARK: - Private

    private var modelName: String { reports.first?.model.first { $0.0 == "name" }?.1 ?? "a model" }

    private var contents: String {
        let entries = reports.map { report in
            "<li><a href=\"#\(HTML.escaped(report.name))\">\(HTML.escaped(report.name))</a>, \(report.pictures) pictures</li>"
        }
        return "<nav><ul>\(entries.joined())</ul></nav>"
    }

    /// What the papers find, and whether it appears.
    private var verdicts: String {
        let found = reports.flatMap(\.verdicts).map { "<li>\(HTML.escaped($0))</li>" }
        guard !found.isEmpty else { return "" }
        return
            "<section><h2>What the papers find, and what appears here</h2><ul class=\"verdicts\">\(found.joined())</ul>"
            + "</section>"
    }

    /// The headlines of all experiments, with errors and counts.
    private var keyNumbers: String {
        var rows = ""
        for report in reports {
            for (index, number) in report.keyNumbers.enumerated() {
                let name = index == 0 ? report.name : ""
                let mean = HTML.number(number.estimate.mean, digits: 3)
                let error = HTML.number(number.estimate.error, digits: 3)
                let cells = [name, number.text, mean, "± \(error)", String(number.estimate.count)]
                rows += "<tr>" + cells.map { "<td>\(HTML.escaped($0))</td>" }.joined() + "</tr>"
            }
        }
        return "<section><h2>Key numbers</h2><table><tr><th>experiment</th><th>what</th><th>mean</th>"
            + "<th>standard error</th><th>n</th></tr>\(rows)</table></section>"
    }

    private var shots: String {
        let figures = samples.compactMap { sample -> String? in
            guard let image = try? ImageDecoder.decode(sample.bytes).image,
                let png = try? PNGEncoder.encode(image.thumbnail(side: Self.sampleSide))
            else { return nil }
            let caption = HTML.escaped(sample.caption)
            return "<figure><img alt=\"\(caption)\" src=\"data:image/png;base64,\(png.base64EncodedString())\">"
                + "<figcaption>\(caption)</figcaption></figure>"
        }
        return figures.isEmpty
            ? ""
            : "<section><h2>First pictures, and the model's answers</h2><div class=\"shots\">\(figures.joined())</div></section>"
    }
}

extension RGBImage {
    /// The picture reduced to at most `side` pixels a side, each the mean of a block; a smaller one stays as it is.
    func thumbnail(side: Int) -> RGBImage {
        let step = max(1, (max(width, height) + side - 1) / side)
        guard step > 1 else { return self }
        let (columns, rows) = (max(1, width / step), max(1, height / step))
        var reduced: [UInt8] = []
        reduced.reserveCapacity(columns * rows * 3)
        for row in 0..<rows {
            for column in 0..<columns {
                let (ys, xs) = (
                    row * step..<min((row + 1) * step, height), column * step..<min((column + 1) * step, width)
                )
                for channel in 0..<3 {
                    let sum = ys.reduce(0) { sum, y in
                        xs.reduce(sum) { $0 + Int(pixels[3 * (y * width + $1) + channel]) }
                    }
                    reduced.append(UInt8(sum / (ys.count * xs.count)))
                }
            }
        }
        return RGBImage(width: columns, height: rows, pixels: reduced)
    }
}
