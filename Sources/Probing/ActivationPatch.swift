public import Models

/// States to be written at a site, taken from another run or given.
public struct ActivationPatch: Sendable {
    /// Where they come from.
    public enum Source: Sendable {
        /// The run of another chat body, read at `source_positions`.
        case run(ProbeField)
        /// Numbers, one row for each position or one for all.
        case array(NumberBlock)
    }

    /// Where they are written.
    public let site: DecoderSite
    /// The positions they are written at.
    public let positions: SpanSelector
    /// Where they come from.
    public let source: Source
    /// The positions they are read at, of the source's prompt; those of the same name when absent.
    public let sourcePositions: SpanSelector

    init(site: DecoderSite, positions: SpanSelector, source: Source, sourcePositions: SpanSelector) {
        self.site = site
        self.positions = positions
        self.source = source
        self.sourcePositions = sourcePositions
    }

    init(_ field: ProbeField) throws(ProbeError) {
        site = try DecoderSite(try field.required("site"))
        guard site.isPatchable else {
            throw .unsupported("\(field.path).site", "\"\(site.name)\" can be read but not written")
        }
        positions = try SpanSelector(try field.required("positions"))
        let source = try field.required("source").object()
        if let array = source.member("array") {
            self.source = .array(try NumberBlock(array))
        } else if source.member("messages") != nil {
            self.source = .run(source)
        } else {
            throw .invalid(source.path, "must be a chat body or {\"array\":[…]}")
        }
        sourcePositions =
            try field.member("source_positions").map { span throws(ProbeError) in try SpanSelector(span) }
            ?? positions
    }
}

extension DecoderSite {
    /// Reads a site's public name.
    public init(_ field: ProbeField) throws(ProbeError) {
        let name = try field.string()
        guard let site = DecoderSite(name: name) else {
            let places = BlockSite.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(
                field.path,
                "\"\(name)\" is no site; there are text.embed, text.final.norm, and text.blocks.k. followed by one of "
                    + places
            )
        }
        self = site
    }

    /// Whether values can be written there. Patterns change through edges, and behind the final norm there are no
    /// states any more but a distribution.
    public var isPatchable: Bool {
        switch self {
        case .embedding: true
        case .block(_, let site): site != .pattern
        case .finalNorm: false
        }
    }

    /// Checks that a model with `layers` blocks has the site.
    func check(layers: Int, parameter: String) throws(ProbeError) {
        guard let layer, layer >= layers else { return }
        throw .unsupported(parameter, "\"\(name)\" does not exist; the model has blocks 0…\(layers - 1)")
    }
}
