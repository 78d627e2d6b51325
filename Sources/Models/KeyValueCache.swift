public import Tensors

/// Keys and values of one sequence, in pages of 64 positions that copies share until one of them writes.
///
/// A value type: `let fork = cache` costs one reference per page, and a fork's first write to a shared page copies that
/// page alone. This is what lets the variants of one request share their prefix. Pages hold keys after rotation.
///
/// A layer has one entry for each position that it holds, in order of position. Usually that is every position;
/// `keeping(_:)` makes a cache whose layers hold different ones while positions go on counting where they were.
public struct KeyValueCache: Sendable {
    /// Positions of a page. A multiple of the kernels' panels.
    public static let pageLength = 64

    /// Positions that the sequence has passed; the next row's position.
    public private(set) var count = 0
    /// What a compressed cache holds of its first positions; `nil` for a whole one.
    public private(set) var selection: KeyValueSelection?
    private let shape: KeyValueShape
    private var layers: [[KeyValuePage]]

    /// An empty cache for `layers` blocks.
    public init(layers: Int, shape: KeyValueShape) {
        self.shape = shape
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
        var kept = KeyValueCache(layers: layers.count, shape: shape)
        for (layer, positions) in positions.enumerated() {
            for (entry, position) in positions.enumerated() {
                precondition(position < count, "position \(position) of \(count)")
                let page = kept.writablePage(entry / Self.pageLength, layer: layer)
                let source = layers[layer][position / Self.pageLength]
                page.copyPosition(position % Self.pageLength, of: source, to: entry % Self.pageLength)
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
    public var pageByteCount: Int { shape.byteCount(positions: Self.pageLength) }

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
    mutating func write(layer: Int, position: Int, keys: Matrix, values: Matrix, compute: Compute) {
        let first = entries(layer: layer, below: position)
        var row = 0
        while row < keys.rows {
            let offset = (first + row) % Self.pageLength
            let count = min(Self.pageLength - offset, keys.rows - row)
            compute.store(
                keys: keys.rows(row..<row + count),
                values: values.rows(row..<row + count),
                into: writablePage((first + row) / Self.pageLength, layer: layer),
                at: offset
            )
            row += count
        }
    }

    /// Declares that every layer now holds `count` positions.
    mutating func advance(to count: Int) {
        self.count = count
    }

    /// The pages of one layer; those of its entries come first, perhaps followed by an emptied one.
    func pages(layer: Int) -> [KeyValuePage] { layers[layer] }

    // MARK: - Private

    private static func pages(_ entries: Int) -> Int { (entries + pageLength - 1) / pageLength }

    private mutating func writablePage(_ index: Int, layer: Int) -> KeyValuePage {
        if index == layers[layer].count {
            layers[layer].append(KeyValuePage(shape, capacity: Self.pageLength))
        } else if !isKnownUniquelyReferenced(&layers[layer][index]) {
            layers[layer][index] = layers[layer][index].copy()
        }
        return layers[layer][index]
    }
}
