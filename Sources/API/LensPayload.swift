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
        var target: JSONValue = nil
        if !record.targetProbability.isEmpty {
            let values = record.targetProbability.flatMap { $0 }
            let array = NumberArray(shape: [capture.layers.count, capture.positions.count], values: values)
            target = try arrays.place(array, at: "lens.target_prob")
        }
        return [
            "layers": .array(capture.layers.map { .integer($0) }),
            "positions": .array(capture.positions.map { .integer($0) }),
            "top": .array(record.top.map(top)),
            "target_prob": target,
            "confidence": confidence(record),
        ]
    }

    /// One layer of a stream.
    func event(_ index: Int, _ record: LensRecord) -> JSONValue {
        var fields: [String: JSONValue] = [
            "type": "progress", "layer": .integer(capture.layers[index]), "done": .integer(index + 1),
            "layers": .integer(capture.layers.count), "top": top(record.top[index]),
        ]
        if !record.targetProbability.isEmpty {
            fields["target_prob"] = .array(record.targetProbability[index].map { .float($0) })
        }
        return .object(fields)
    }

    /// The target's probability under each patch of a picture, the mean over the drawn layers; patches whose positions
    /// were not read have none.
    func map(_ record: LensRecord, _ render: RenderRequest, of picture: ImagePlacement) throws(ProbeError) -> [Float] {
        let layers = try render.layers(of: capture.layers)
        let places = Dictionary(uniqueKeysWithValues: zip(capture.positions, 0...))
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
            for (position, value) in zip(capture.positions, values) where value > best?.probability ?? -1 {
                best = (value, layer, position)
            }
        }
        guard let best else { return nil }
        return [
            "prob": .float(best.probability), "layer": .integer(best.layer), "position": .integer(best.position),
        ]
    }
}
