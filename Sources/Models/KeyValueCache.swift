import Tensors

/// Keys and values of one sequence, in pages of 64 positions that copies share until one of them writes.
///
/// A value type: `let fork = cache` costs one reference per page, and a fork's first write to a shared page copies that
/// page alone. This is what lets the variants of one request share their prefix. Pages hold keys after rotation,
/// `[positions, kvHeads · headDim]`.
public struct KeyValueCache: Sendable {
    /// Positions of a page. A multiple of every kernel's vector width.
    public static let pageLength = 64

    /// Positions that every layer holds.
    public private(set) var count = 0
    private let width: Int
    private var layers: [[KeyValuePage]]

    /// An empty cache for `layers` blocks with rows of `width` = kvHeads · headDim.
    public init(layers: Int, width: Int) {
        self.width = width
        self.layers = Array(repeating: [], count: layers)
    }

    /// The first `count` positions, sharing their pages with `self`.
    public func prefix(_ count: Int) -> KeyValueCache {
        precondition(count <= self.count, "a prefix of \(count) positions of \(self.count)")
        var copy = self
        copy.count = count
        let pages = (count + Self.pageLength - 1) / Self.pageLength
        for layer in copy.layers.indices { copy.layers[layer].removeLast(copy.layers[layer].count - pages) }
        return copy
    }

    /// Bytes of the pages that a sequence of `positions` adds to this one's whole pages, which it shares.
    public func byteCount(growingTo positions: Int) -> Int {
        let pages = (positions + Self.pageLength - 1) / Self.pageLength - count / Self.pageLength
        return max(0, pages) * layers.count * Self.pageLength * width * 2 * MemoryLayout<Float>.stride
    }

    /// Writes rows of `keys` and `values` at `position…` of one layer; `advance` makes them count.
    mutating func write(layer: Int, position: Int, keys: Matrix, values: Matrix) {
        var row = 0
        while row < keys.rows {
            let offset = (position + row) % Self.pageLength
            let count = min(Self.pageLength - offset, keys.rows - row)
            let page = writablePage((position + row) / Self.pageLength, layer: layer)
            page.keys.rows(offset..<offset + count).copy(from: keys.rows(row..<row + count))
            page.values.rows(offset..<offset + count).copy(from: values.rows(row..<row + count))
            row += count
        }
    }

    /// Declares that every layer now holds `count` positions.
    mutating func advance(to count: Int) {
        self.count = count
    }

    /// The pages of one layer, cut to the first `count` positions.
    func segments(layer: Int, count: Int) -> [KeyValueSegment] {
        layers[layer].enumerated().compactMap { index, page in
            let length = min(Self.pageLength, count - index * Self.pageLength)
            guard length > 0 else { return nil }
            return KeyValueSegment(keys: page.keys.rows(0..<length), values: page.values.rows(0..<length))
        }
    }

    // MARK: - Private

    private mutating func writablePage(_ index: Int, layer: Int) -> KeyValuePage {
        if index == layers[layer].count {
            layers[layer].append(KeyValuePage(width: width))
        } else if !isKnownUniquelyReferenced(&layers[layer][index]) {
            layers[layer][index] = layers[layer][index].copy()
        }
        return layers[layer][index]
    }
}

/// One page of one layer.
///
/// `@unchecked Sendable`: written only by the holder of the single reference (see `writablePage`).
private final class KeyValuePage: @unchecked Sendable {
    let keys: Matrix
    let values: Matrix

    init(width: Int) {
        keys = Matrix(rows: KeyValueCache.pageLength, columns: width)
        values = Matrix(rows: KeyValueCache.pageLength, columns: width)
    }

    func copy() -> KeyValuePage {
        let page = KeyValuePage(width: keys.columns)
        page.keys.copy(from: keys)
        page.values.copy(from: values)
        return page
    }
}
