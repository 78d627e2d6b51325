import JSON
import Models
import Probing
import Tokenization

/// What a lens read, for an answer.
struct LensPayload {
    let capture: LensCapture
    let tokenizer: Tokenizer

    /// The `lens` member.
    func json(_ record: LensRecord, _ arrays: inout ArrayAnswer) throws -> JSONValue {
        var fields: [String: JSONValue] = [
            "layers": .array(capture.layers.map { .integer($0) }),
            "positions": .array(record.positions.map { .integer($0) }),
            "top": .array(record.top.map(top)),
            "target_prob": nil,
            "confidence": confidence(record),
        ]
        let shape = [capture.layers.count, record.positions.count]
        if !record.targetProbability.isEmpty {
            let array = NumberArray(shape: shape, values: record.targetProbability.flatMap { $0 })
            fields["target_prob"] = try arrays.place(array, at: "lens.target_prob")
        }
        if arrays.gathersNumbers {
            let words = record.top.joined().joined()
            let ids = IntegerArray(shape: shape + [capture.wordCount], values: words.map(\.id))
            let probabilities = NumberArray(shape: shape + [capture.wordCount], values: words.map(\.probability))
            fields["top_id"] = try arrays.place(ids, at: "lens.top_id")
            fields["top_prob"] = try arrays.place(probabilities, at: "lens.top_prob")
        }
        return .object(fields)
    }

    /// What a stream says of readings: those of one layer, or of one position of the answer.
    func event(_ reading: LensReading) -> JSONValue {
        var fields: [String: JSONValue] = ["type": "progress"]
        switch reading {
        case .layer(let index, let words, let target):
            fields["layer"] = .integer(capture.layers[index])
            fields["done"] = .integer(index + 1)
            fields["layers"] = .integer(capture.layers.count)
            fields["top"] = top(words)
            fields["target_prob"] = target.map { .array($0.map { .float($0) }) }
        case .position(let position, let words, let target):
            fields["position"] = .integer(position)
            fields["top"] = top(words)
            fields["target_prob"] = target.map { .array($0.map { .float($0) }) }
        }
        return .object(fields)
    }

    /// The target's probability under each patch of a picture, the mean over the drawn layers; patches whose positions
    /// were not read have none.
    func map(_ record: LensRecord, _ render: RenderRequest, of picture: ImagePlacement) throws(ProbeError) -> [Float] {
        let layers = try render.layers(of: capture.layers)
        let places = Dictionary(uniqueKeysWithValues: zip(record.positions, 0...))
        guard picture.patchPositions.contains(where: { places[$0] != nil }) else {
            throw .unsupported("lens.positions", "holds no token of the picture that is to be drawn over")
        }
        return picture.patchPositions.map { position in
            guard let place = places[position] else { return 0 }
            return layers.reduce(0) { $0 + record.targetProbability[$1][place] } / Float(layers.count)
        }
    }

    // MARK: - Private

    private func top(_ layer: [[TokenScore]]) -> JSONValue {
        .array(
            layer.map { scores in
                .array(
                    scores.map { score in
                        [
                            "id": .integer(score.id), "text": .string(tokenizer.text(of: score.id)),
                            "prob": .float(score.probability),
                        ]
                    }
                )
            }
        )
    }

    /// The model's internal confidence that the target is there (Jiang et al., arXiv 2410.02762): its largest
    /// probability over the read layers and positions, and where that is.
    private func confidence(_ record: LensRecord) -> JSONValue {
        var best: (probability: Float, layer: Int, position: Int)?
        for (layer, values) in zip(capture.layers, record.targetProbability) {
            for (position, value) in zip(record.positions, values) where value > best?.probability ?? -1 {
                best = (value, layer, position)
            }
        }
        guard let best else { return nil }
        return [
            "prob": .float(best.probability), "layer": .integer(best.layer), "position": .integer(best.position),
        ]
    }
}
