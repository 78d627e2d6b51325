import Generation
import JSON
import Models
import Probing

/// P2: which kind of token the answer's tokens attend to, layer by layer.
struct AttentionFractionExperiment: Experiment {
    let name = "attention-fraction"
    let summary =
        "The share of attention that image, prompt and generated tokens get while the model answers, by layer: head "
        + "means, averaged over all answer tokens of all pictures (P2)."

    private static let types = "share by token type"
    private static let textTypes = "share by type of text"

    func figures(_ bench: ExperimentBench) -> [Figure] {
        [
            Figure(
                Self.types,
                axis: .layer,
                measure: "share of attention",
                note: "What the rows that produce the answer look at; the three curves add up to 1."
            ),
            Figure(
                Self.textTypes,
                axis: .layer,
                measure: "share of attention",
                note: "The text curve by kind of text: where an attention sink lies."
            ),
        ]
    }

    func headlines(_ bench: ExperimentBench) -> [Headline] {
        [0, bench.depth / 2, bench.depth - 1].map { (layer: Int) in
            Headline("share of the image in layer \(layer)", MeasurementKey(Self.types, "image", x: layer))
        }
    }

    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings {
        var request = try await bench.description(of: picture)
        let capture = try request.record(shape: bench.model.probeShape)
        let result = try await bench.result(of: request)
        let text = PositionKind.allCases.filter { $0 != .image && request.prompt.layout.kinds.contains($0) }
        var findings = Findings()
        for row in ExperimentBench.rows(of: result, promptLength: request.prompt.layout.length) {
            for (layer, attention) in zip(capture.layers, row.layers) {
                add(attention.fractions, text, layer: layer, to: &findings.measurements)
            }
        }
        findings.details = ["answer": .string(result.text), "tokens": .integer(result.tokens.count)]
        return findings
    }

    // MARK: - Private

    /// Adds one row's shares; `text` are the kinds of text that the prompt has.
    private func add(
        _ fractions: [PositionKind: Float],
        _ text: [PositionKind],
        layer: Int,
        to measurements: inout Measurements
    ) {
        let shares = fractions.mapValues(Double.init)
        let (image, generated) = (shares[.image] ?? 0, shares[.generated] ?? 0)
        measurements.add(image, to: MeasurementKey(Self.types, "image", x: layer))
        measurements.add(text.reduce(0) { $0 + (shares[$1] ?? 0) }, to: MeasurementKey(Self.types, "text", x: layer))
        measurements.add(generated, to: MeasurementKey(Self.types, "generated", x: layer))
        for kind in text {
            measurements.add(shares[kind] ?? 0, to: MeasurementKey(Self.textTypes, kind.rawValue, x: layer))
        }
    }
}
