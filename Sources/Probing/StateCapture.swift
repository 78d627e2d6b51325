public import Models
import Tensors

/// A resolved request for states: which sites and positions to keep.
public struct StateCapture: Sendable {
    /// The sites, in the order of the request.
    public let sites: [DecoderSite]
    private let wanted: Set<DecoderSite>
    private let positions: PositionSet
    private let decoder: LlamaDecoder

    /// Numbers that one request may keep.
    public static let limit = 1 << 26

    /// Resolves a request; `parameters` are the fields of the sites. `maxTokens` bounds the rows that decoding adds. A
    /// request for more than `limit` numbers is an error that gives both.
    public init(
        _ sites: [DecoderSite],
        parameters: [String],
        positions: PositionSet,
        decoder: LlamaDecoder,
        maxTokens: Int
    ) throws(ProbeError) {
        for (site, parameter) in zip(sites, parameters) {
            try site.check(layers: decoder.configuration.layers, parameter: parameter)
        }
        self.sites = sites
        self.positions = positions
        self.decoder = decoder
        wanted = Set(sites)
        let numbers = count(maxTokens: maxTokens)
        guard numbers <= Self.limit else {
            throw .unsupported(
                parameters.first ?? "sites",
                "asks for up to \(numbers) numbers; at most \(Self.limit) are kept: take fewer sites or positions, or a "
                    + "lower max_tokens"
            )
        }
    }

    /// Numbers that a run of `maxTokens` tokens keeps at most.
    public func count(maxTokens: Int) -> Int {
        let length = positions.prompt.count + maxTokens
        let rows = positions.promptPositions.count + (positions.generated ? maxTokens : 0)
        return sites.reduce(0) { sum, site in
            let width = site.shape(decoder.configuration)?.reduce(1, *) ?? decoder.configuration.heads * length
            let (numbers, overflows) = rows.multipliedReportingOverflow(by: width)
            return overflows || sum > Int.max - numbers ? .max : sum + numbers
        }
    }

    /// The first position whose rows are kept, given that generated ones follow the prompt.
    public var firstPosition: Int? { positions.first }

    /// The first block that has to compute what is kept; the number of blocks for the final norm.
    public var firstLayer: Int? {
        sites.map { $0 == .finalNorm ? decoder.configuration.layers : $0.layer ?? 0 }.min()
    }

    /// Whether rows at `site` are kept.
    func wants(_ site: DecoderSite) -> Bool { wanted.contains(site) }

    /// Whether the attention of the row at `position` is kept.
    func wantsPattern(layer: Int, position: Int) -> Bool {
        wants(.block(layer, .pattern)) && positions.contains(position)
    }

    /// Keeps the wanted ones of a step's rows. Steps come in the order of positions.
    func read(_ values: Matrix, at site: DecoderSite, positions range: Range<Int>, into record: inout StateRecord) {
        guard wants(site) else { return }
        for position in range where positions.contains(position) {
            record.rows[site, default: []].append(values.row(position - range.lowerBound))
        }
    }

    /// Keeps the final norm of the last residual states.
    func readFinalNorm(_ states: Matrix, positions range: Range<Int>, into record: inout StateRecord) {
        guard wants(.finalNorm) else { return }
        read(decoder.finalNormed(states), at: .finalNorm, positions: range, into: &record)
    }

    /// Keeps one row of attention, `[heads][keys]`.
    func read(_ pattern: AttentionPattern, layer: Int, into record: inout StateRecord) {
        let heads = (0..<pattern.heads).map(pattern.head)
        record.rows[.block(layer, .pattern), default: []].append(Array(heads.joined()))
    }

    /// The positions of the first `count` rows.
    public func positions(count: Int) -> [Int] {
        let prompt = positions.promptPositions
        let length = positions.prompt.count
        return Array(prompt.prefix(count)) + (0..<max(0, count - prompt.count)).map { length + $0 }
    }
}

/// States that were kept.
public struct StateRecord: Sendable {
    /// One row for each position, ascending; `[heads][keys]` for a pattern.
    public internal(set) var rows: [DecoderSite: [[Float]]] = [:]

    /// A record with nothing read yet.
    public init() {}
}
