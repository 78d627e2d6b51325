public import Imaging

/// What a position of the sequence is.
public enum PositionKind: String, Sendable, CaseIterable {
    /// The begin-of-sequence token.
    case bos
    /// Words of the system message.
    case system
    /// What the chat template adds around the turns.
    case template
    /// Words of earlier turns.
    case history
    /// Words of the last user turn.
    case question
    /// An image token.
    case image
    /// The beginning of an answer that the request dictates.
    case prefix
    /// Tokens that the model produced.
    case generated
}

/// One picture of the prompt: which one it is, and where its tokens and patches are.
public struct ImagePlacement: Sendable {
    /// Stable name of the picture's bytes, `img_<sha256>`.
    public let imageID: String
    /// Where each patch lies in the original picture.
    public let geometry: ImageGeometry
    /// The picture's positions.
    public let positions: Range<Int>
    /// L2 norm of each token's embedding; empty if the picture was only measured.
    public let norms: [Float]

    /// Places a picture's tokens at `positions`: one for each patch, in the order of the geometry's boxes, after those
    /// that stand for no patch (a class token).
    public init(imageID: String, geometry: ImageGeometry, positions: Range<Int>, norms: [Float] = []) {
        self.imageID = imageID
        self.geometry = geometry
        self.positions = positions
        self.norms = norms
    }

    /// The positions that stand for patches.
    public var patchPositions: Range<Int> { positions.suffix(geometry.patchCount) }

    /// One box per image token in original pixels; tokens that stand for no patch have an empty one.
    public var tokenBoxes: [Box] {
        let others = positions.count - geometry.patchCount
        return Array(repeating: Box(x0: 0, y0: 0, x1: 0, y1: 0), count: others) + geometry.patchBoxes
    }
}

/// What is where in a prompt: every span a probe can name comes from here, never from counted offsets.
public struct PromptLayout: Sendable {
    /// A text position.
    public struct Token: Sendable, Equatable {
        /// The position in the sequence.
        public let position: Int
        /// The vocabulary id.
        public let id: Int
        /// The text it stands for.
        public let text: String
        /// What it is.
        public let kind: PositionKind

        /// Describes a text position.
        public init(position: Int, id: Int, text: String, kind: PositionKind) {
            self.position = position
            self.id = id
            self.text = text
            self.kind = kind
        }
    }

    /// The names that spans go by.
    public static let spanNames = [
        "image", "bos", "system", "template", "history", "question", "prefix", "text", "post_image", "last",
        "generated",
    ]

    /// The kind of every prompt position.
    public let kinds: [PositionKind]
    /// Text positions, ascending.
    public let tokens: [Token]
    /// Pictures in prompt order.
    public let images: [ImagePlacement]

    /// The number of prompt positions, T.
    public var length: Int { kinds.count }

    /// Assembles a layout; tokens and image positions together must cover `0..<T` exactly once.
    public init(tokens: [Token], images: [ImagePlacement]) {
        let length = tokens.count + images.reduce(0) { $0 + $1.positions.count }
        var kinds = [PositionKind](repeating: .image, count: length)
        for token in tokens { kinds[token.position] = token.kind }
        self.kinds = kinds
        self.tokens = tokens
        self.images = images
    }

    /// The same with the norms of each picture's embeddings.
    public func measured(norms: [[Float]]) -> PromptLayout {
        let placed = zip(images, norms).map { image, norms in
            ImagePlacement(
                imageID: image.imageID,
                geometry: image.geometry,
                positions: image.positions,
                norms: norms
            )
        }
        return PromptLayout(tokens: tokens, images: placed)
    }

    /// The kind of any position, generated ones included.
    public func kind(at position: Int) -> PositionKind {
        position < length ? kinds[position] : .generated
    }

    /// The prompt positions that the span `name` covers; `nil` for a name that is none. `generated` covers no prompt
    /// position. `image:i` is the i-th picture, `text` every position that is no image token, `post_image` those of them
    /// that can see a picture.
    public func positions(named name: String) -> [Int]? {
        switch name {
        case "text": return tokens.map(\.position)
        case "post_image":
            guard let first = images.map(\.positions.lowerBound).min() else { return [] }
            return tokens.map(\.position).filter { $0 > first }
        case "last": return length > 0 ? [length - 1] : []
        case "generated": return []
        default: break
        }
        if let kind = PositionKind(rawValue: name) { return kinds.indices.filter { kinds[$0] == kind } }
        guard name.hasPrefix("image:"), let index = Int(name.dropFirst("image:".count)), images.indices.contains(index)
        else { return nil }
        return Array(images[index].positions)
    }

    /// The span `name` as half-open ranges.
    public func ranges(named name: String) -> [Range<Int>] {
        Range.runs(of: positions(named: name) ?? [])
    }
}

extension Range<Int> {
    /// Ascending integers as ranges of consecutive ones.
    public static func runs(of integers: [Int]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for integer in integers {
            if let last = ranges.last, last.upperBound == integer {
                ranges[ranges.count - 1] = last.lowerBound..<integer + 1
            } else {
                ranges.append(integer..<integer + 1)
            }
        }
        return ranges
    }
}
