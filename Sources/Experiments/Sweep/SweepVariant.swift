public import Probing

/// One run of a sweep: a name and what it changes.
public struct SweepVariant: Sendable {
    /// What is cut and where, as in `img->gen@4-`; different for each variant of a sweep.
    public let name: String
    /// The changes, all in one run.
    public let interventions: [Intervention]
    /// Which of the sweep's knockouts it came from; 0 for presets that bring their own.
    public let knockout: Int

    init(_ name: String, _ intervention: Intervention, knockout: Int = 0) {
        self.name = name
        interventions = [intervention]
        self.knockout = knockout
    }
}

/// The layer sweeps of both papers, on a model of any depth.
public enum Sweep {
    /// Every knockout at every window. What acts in no layer in particular, as an ablation of the input does, is run once.
    public static func windows(_ knockouts: [Intervention], layers: [LayerSelector]) -> [SweepVariant] {
        knockouts.enumerated().flatMap { index, knockout in
            var seen: Set<String> = []
            return layers.compactMap { window in
                let limited = knockout.limited(to: window)
                let name = "\(limited.name)@\(limited.layers)"
                return seen.insert(name).inserted ? SweepVariant(name, limited, knockout: index) : nil
            }
        }
    }

    /// P2's sweep: each knockout from layer l on, for each l of `starts`, by default eight starts spread over the depth
    /// (0, 4, … 28 of 32 layers; 0, 10, … 70 of 80).
    public static func fromLayer(_ knockouts: [Intervention], starts: [Int]? = nil, depth: Int) -> [SweepVariant] {
        windows(knockouts, layers: (starts ?? defaultStarts(depth: depth)).map { .from($0) })
    }

    /// P2's other sweep: each knockout everywhere but in a window of layers, first and last included.
    public static func exceptMiddle(_ knockouts: [Intervention], window: ClosedRange<Int>) -> [SweepVariant] {
        windows(knockouts, layers: [.except(window.lowerBound, window.upperBound)])
    }

    /// The starts of `fromLayer`: ⌊i·L/8⌋.
    public static func defaultStarts(depth: Int) -> [Int] {
        Array(Set((0..<8).map { $0 * depth / 8 })).sorted()
    }

    /// The layers that P2 keeps: [L/4, L/2] in InternVL (20–40 of 80), [L/8, 5L/8] in LLaVA (4–20 of 32) and others.
    public static func middle(family: String, depth: Int) -> ClosedRange<Int> {
        let ends = family.hasPrefix("internvl") ? (0.25, 0.5) : (0.125, 0.625)
        func layer(_ fraction: Double) -> Int { min(Int(fraction * Double(depth) + 0.5), depth - 1) }
        return layer(ends.0)...layer(ends.1)
    }

    /// Information flow (arXiv 2411.18620): edges between the picture, the question, the object and the last position cut
    /// in a window of `width` layers centred on each layer. Without an object its edge is left out.
    public static func informationFlow(object: SpanSelector?, width: Int = 9, depth: Int) -> [SweepVariant] {
        var edges: [Edge] = [
            Edge("image->last", .named("image"), .named("last")),
            Edge("question->last", .named("question"), .named("last")),
            Edge("image->question", .named("image"), .named("question")),
            Edge("last->last", .named("last"), .named("last")),
        ]
        if let object { edges.append(Edge("object->question", object, .named("question"))) }
        return edges.flatMap { edge in (0..<depth).map { edge.cut(.centered($0, width: width)) } }
    }

    /// P1's read-out of an object: six edges in six windows, 36 conditions for a question.
    ///
    /// - Parameters:
    ///   - object: The object's patches.
    ///   - image: Which picture of the prompt it is in.
    ///   - windows: The layers that each edge is cut in.
    public static func objectReadout(
        object: SpanSelector,
        image: Int = 0,
        windows: [LayerSelector] = readoutWindows
    ) -> [SweepVariant] {
        let near = SpanSelector.dilated(object, by: 1)
        let all = SpanSelector.named("image:\(image)")
        let lastRow = SpanSelector.rows([-1], image: image)
        let edges = [
            Edge("object->last", object, .named("last")),
            Edge("object+1->last", near, .named("last")),
            Edge("object+2->last", .dilated(object, by: 2), .named("last")),
            Edge("image-object+1->last", .minus(all, near), .named("last")),
            Edge("object+1->last-row", near, lastRow),
            Edge("image-last-row->last-row", .minus(all, lastRow), lastRow),
        ]
        return edges.flatMap { edge in windows.map(edge.cut) }
    }

    /// P1's five windows and all layers.
    public static let readoutWindows: [LayerSelector] =
        ["early", "early-mid", "mid", "mid-late", "late"].compactMap { LayerSelector.presets[$0] } + [.all]
}

/// Edges of attention from one span to another.
private struct Edge {
    let name: String
    let sources: SpanSelector
    let receivers: SpanSelector

    init(_ name: String, _ sources: SpanSelector, _ receivers: SpanSelector) {
        self.name = name
        self.sources = sources
        self.receivers = receivers
    }

    func cut(_ layers: LayerSelector) -> SweepVariant {
        SweepVariant(
            "\(name)@\(layers)",
            .knockout(from: sources, to: receivers, layers: layers, heads: .all, .preSoftmax)
        )
    }
}
