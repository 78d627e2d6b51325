import Tensors

/// Keys and values of one sequence, in pages of 64 positions that copies share until one of them writes.
///
/// A value type: `let fork = cache` costs one reference per page, and a fork's first write to a shared page copies that
/// page alone. This is what lets the variants of one request share their prefix. Pages hold keys after rotation,
/// `[positions, kvHeads · headDim]`.
///
/// A layer has one entry for each position that it holds, in order of position. Usually that is every position;
/// `keeping(_:)` makes a cache whose layers hold different ones while positions go on counting where they were.
public struct KeyValueCache: Sendable {
    /// Positions of a page. A multiple of every kernel's vector width.
    public static let pageLength = 64

    /// Positions that the sequence has passed; the next row's position.
    public private(set) var count = 0
    /// What a compressed cache holds of its first positions; `nil` for a whole one.
    public private(set) var selection: KeyValueSelection?
    private let width: Int
    private var layers: [[KeyValuePage]]

    /// An empty cache for `layers` blocks with rows of `width` = kvHeads · headDim.
    public init(layers: Int, width: Int) {
        self.width = width
        self.layers = Array(repeating: [], count: layers)
    }

    /// The first `count` positions, sharing their pages with `self`; layers before `layer` keep all that they hold, for
    /// rows that will enter there. A compressed cache has no prefix within the positions that it was selected from.
    public func prefix(_ count: Int, fromLayer layer: Int = 0) -> KeyValueCache {
        precondition(count <= self.count, "a prefix of \(count) positions of \(self.count)")
        precondition(count >= selection?.length ?? 0, "a prefix within a selection")
        var copy = self
        copy.count = count
        for layer in layer..<layers.count {
            let pages = Self.pages(entries(layer: layer, below: count))
            copy.layers[layer].removeLast(copy.layers[layer].count - pages)
        }
        return copy
    }

    /// A cache that holds, in each layer, the entries of some positions alone, with their keys as they are; the next
    /// position stays the same. `positions` are ascending and below `count`, `[layer][…]`.
    public func keeping(_ positions: [[Int]]) -> KeyValueCache {
        precondition(selection == nil, "a selection of a selection")
        precondition(positions.count == layers.count, "positions of \(positions.count) layers of \(layers.count)")
        var kept = KeyValueCache(layers: layers.count, width: width)
        for (layer, positions) in positions.enumerated() {
            for (entry, position) in positions.enumerated() {
                precondition(position < count, "position \(position) of \(count)")
                let page = layers[layer][position / Self.pageLength]
                let row = position % Self.pageLength
                kept.write(
                    layer: layer,
                    position: entry,
                    keys: page.keys.rows(row..<row + 1),
                    values: page.values.rows(row..<row + 1)
                )
            }
        }
        kept.count = count
        kept.selection = KeyValueSelection(length: count, positions: positions)
        return kept
    }

    /// Entries that a layer has for the positions below `position`, which does not lie within a selection.
    public func entries(layer: Int, below position: Int) -> Int {
        position - (selection?.dropped(layer: layer) ?? 0)
    }

    /// Every page's identity, which caches that share it share too.
    public var pageIdentifiers: [ObjectIdentifier] { layers.flatMap { $0.map { ObjectIdentifier($0) } } }

    /// Bytes of one page.
    public var pageByteCount: Int { Self.pageLength * width * 2 * MemoryLayout<Float>.stride }

    /// Bytes of all pages, shared ones included.
    public var byteCount: Int { layers.reduce(0) { $0 + $1.count } * pageByteCount }

    /// Bytes of the pages that a sequence of `positions` adds to this one's whole pages, which it shares.
    public func byteCount(growingTo positions: Int) -> Int {
        let pages = layers.indices.reduce(0) { sum, layer in
            let whole = entries(layer: layer, below: count) / Self.pageLength
            return sum + max(0, Self.pages(entries(layer: layer, below: max(positions, count))) - whole)
        }
        return pages * pageByteCount
    }

    /// Writes rows of `keys` and `values` at `position…` of one layer; `advance` makes them count.
    mutating func write(layer: Int, position: Int, keys: Matrix, values: Matrix) {
        let first = entries(layer: layer, below: position)
        var row = 0
        while row < keys.rows {
            let offset = (first + row) % Self.pageLength
            let count = min(Self.pageLength - offset, keys.rows - row)
            let page = writablePage((first + row) / Self.pageLength, layer: layer)
            page.keys.rows(offset..<offset + count).copy(from: keys.rows(row..<row + count))
            page.values.rows(offset..<offset + count).copy(from: values.rows(row..<row + count))
            row += count
        }
    }

    /// Declares that every layer now holds `count` positions.
    mutating func advance(to count: Int) {
        self.count = count
    }

    /// The pages of one layer, cut to its entries for the first `count` positions.
    func segments(layer: Int, count: Int) -> [KeyValueSegment] {
        let entries = entries(layer: layer, below: count)
        return layers[layer].enumerated().compactMap { index, page in
            let length = min(Self.pageLength, entries - index * Self.pageLength)
            guard length > 0 else { return nil }
            return KeyValueSegment(keys: page.keys.rows(0..<length), values: page.values.rows(0..<length))
        }
    }

    // MARK: - Private

    private static func pages(_ entries: Int) -> Int { (entries + pageLength - 1) / pageLength }

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
