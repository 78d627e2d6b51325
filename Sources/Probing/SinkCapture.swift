import Models
import Tensors

/// Finds the attention sinks among a prompt's image tokens, layer by layer (arXiv 2503.03321).
///
/// With x̂ = x / rms(x), an RMSNorm without weight of the state that a layer reads, a dimension is a sink's where |x̂| of
/// the begin-of-sequence token reaches the threshold, and an image token is a sink where its own |x̂| does so in any such
/// dimension.
public struct SinkCapture: Sendable {
    /// What |x̂| must reach.
    public let threshold: Double
    /// What to tell whoever asked for a threshold that no state of the model can reach: |x̂| is at most √hidden.
    public let warning: String?
    /// The first position whose state it reads.
    let firstPosition: Int
    private let dimensions: [Int]?
    private let beginning: Int
    private let imagePositions: [Int]
    private let lastPosition: Int
    private let wanted: [Bool]

    /// Resolves a request against a prompt; `layers` are those whose attention is recorded.
    init(
        _ request: SinkExclusion,
        layers: [Int],
        layout: PromptLayout,
        shape: ProbeShape
    ) throws(ProbeError) {
        imagePositions = layout.positions(named: "image") ?? []
        guard let firstImage = imagePositions.first, let lastImage = imagePositions.last else {
            throw .unsupported("attention.exclude_sinks", "excludes image tokens, and the prompt has no picture")
        }
        guard request.dimensions?.isEmpty != true else {
            throw .unsupported("attention.exclude_sinks.dimensions", "names no dimension")
        }
        for dimension in request.dimensions ?? [] where !(0..<shape.hiddenSize).contains(dimension) {
            throw .unsupported(
                "attention.exclude_sinks.dimensions",
                "dimension \(dimension) does not exist; a state has dimensions 0…\(shape.hiddenSize - 1)"
            )
        }
        let beginning = layout.positions(named: "bos")?.first
        guard request.dimensions != nil || beginning.map({ $0 < firstImage }) == true else {
            throw .unsupported(
                "attention.exclude_sinks",
                "reads the sink dimensions from a begin-of-sequence token before the pictures, and the prompt has none: "
                    + "name the \"dimensions\""
            )
        }
        threshold = request.threshold
        let most = Double(shape.hiddenSize).squareRoot()
        warning =
            most < threshold
            ? "attention.exclude_sinks.tau is \(threshold), but no normed state of \(shape.hiddenSize) values reaches "
                + "more than \(most): nothing can be left out" : nil
        dimensions = request.dimensions.map { Set($0).sorted() }
        self.beginning = beginning ?? firstImage
        firstPosition = dimensions == nil ? self.beginning : firstImage
        lastPosition = lastImage
        wanted = (0..<shape.layers).map(layers.contains)
    }

    /// Looks at a step's states `[positions, hidden]` as `layer` reads them. Steps come in the order of positions.
    func read(_ states: Matrix, layer: Int, positions: Range<Int>, into record: inout SinkRecord) {
        guard layer < wanted.count, wanted[layer], positions.lowerBound <= lastPosition else { return }
        var found = record.layers[layer] ?? SinkRecord.Layer(dimensions: dimensions ?? [])
        if dimensions == nil, positions.contains(beginning) {
            found.dimensions = reached(states.row(beginning - positions.lowerBound))
        }
        if !found.dimensions.isEmpty {
            let image = imagePositions.filter(positions.contains)
            found.positions += image.filter { position in
                reached(states.row(position - positions.lowerBound)).contains(where: found.dimensions.contains)
            }
        }
        record.layers[layer] = found
    }

    // MARK: - Private

    /// The dimensions of a state in which |x̂| reaches the threshold, ascending.
    private func reached(_ state: [Float]) -> [Int] {
        let squares = state.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard squares > 0 else { return [] }
        let least = threshold * (squares / Double(state.count)).squareRoot()
        return state.indices.filter { Double(abs(state[$0])) >= least }
    }
}

/// The sinks that were found.
public struct SinkRecord: Sendable, Equatable {
    /// What one layer's input showed.
    public struct Layer: Sendable, Equatable {
        /// Sink dimensions, ascending.
        public internal(set) var dimensions: [Int]
        /// Image positions that are sinks, ascending.
        public internal(set) var positions: [Int] = []
    }

    /// By layer.
    public internal(set) var layers: [Int: Layer] = [:]
}
