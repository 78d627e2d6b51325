import Generation
import Imaging
import JSON
import Models

extension PromptLayout {
    /// The layout as the API shows it, with the tokens that were generated after the prompt.
    func payload(generated: [GeneratedToken] = []) -> JSONValue { .object(fields(generated: generated)) }

    /// The members of the same.
    func fields(generated: [GeneratedToken] = []) -> [String: JSONValue] {
        var listed = tokens.map { Self.payload(position: $0.position, id: $0.id, text: $0.text, kind: $0.kind) }
        for (offset, token) in generated.enumerated() {
            listed.append(Self.payload(position: length + offset, id: token.id, text: token.text, kind: .generated))
        }
        var spans: [String: JSONValue] = [:]
        for name in Self.spanNames {
            spans[name] = .array(ranges(named: name).map { [.integer($0.lowerBound), .integer($0.upperBound)] })
        }
        if !generated.isEmpty {
            spans["generated"] = [[.integer(length), .integer(length + generated.count)]]
        }
        return [
            "length": .integer(length),
            "tokens": .array(listed),
            "spans": .object(spans),
            "images": .array(images.enumerated().map { $1.payload(index: $0) }),
        ]
    }

    private static func payload(position: Int, id: Int, text: String, kind: PositionKind) -> JSONValue {
        ["position": .integer(position), "id": .integer(id), "text": .string(text), "kind": .string(kind.rawValue)]
    }
}

extension ImagePlacement {
    fileprivate func payload(index: Int) -> JSONValue {
        var position = patchPositions.lowerBound
        var tiles: [JSONValue] = []
        for (index, tile) in geometry.tiles.enumerated() {
            tiles.append([
                "name": .string(tile.name),
                "rows": .integer(tile.rows),
                "cols": .integer(tile.cols),
                "first_position": .integer(position),
                "box": geometry.tileBox(index).payload,
            ])
            position += tile.rows * tile.cols
        }
        return [
            "index": .integer(index),
            "image_id": .string(imageID),
            "width": .integer(geometry.originalWidth),
            "height": .integer(geometry.originalHeight),
            "preprocess": .string(geometry.preprocess.rawValue),
            "model_size": [.integer(geometry.modelHeight), .integer(geometry.modelWidth)],
            "tiles": .array(tiles),
            "patch_boxes": .array(tokenBoxes.map(\.payload)),
        ]
    }
}

extension Box {
    fileprivate var payload: JSONValue { .array(corners.map { .number($0) }) }
}
