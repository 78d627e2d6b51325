/// Heads and scale of an attention layer.
public struct AttentionShape: Sendable {
    /// Query heads.
    public var heads: Int
    /// Key and value heads; divides `heads`. Query head h uses h / (heads / keyValueHeads).
    public var keyValueHeads: Int
    /// Values of one head.
    public var headDim: Int
    /// Multiplied with q·k, usually 1 / sqrt(headDim).
    public var scale: Float

    /// Creates a shape.
    public init(heads: Int, keyValueHeads: Int, headDim: Int, scale: Float) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDim = headDim
        self.scale = scale
    }
}

/// Edits of attention edges, per row and head: indices into lists of vectors that cover all keys of the group.
public struct AttentionEdits: Sendable {
    /// Vectors added to the scaled scores; -infinity removes an edge, whose mass is then exactly 0.
    public var bias: [[Float]]
    /// Vectors multiplied with the probabilities.
    public var factor: [[Float]]
    /// [rows][heads]: which bias vector, -1 for none; empty is none anywhere.
    public var biasIndex: [Int32]
    /// [rows][heads]: which factor vector, -1 for none; empty is none anywhere.
    public var factorIndex: [Int32]

    /// Creates edits; those left out change nothing.
    public init(
        bias: [[Float]] = [],
        factor: [[Float]] = [],
        biasIndex: [Int32] = [],
        factorIndex: [Int32] = []
    ) {
        self.bias = bias
        self.factor = factor
        self.biasIndex = biasIndex
        self.factorIndex = factorIndex
    }
}

/// Wants the attention pattern of one row.
public struct PatternSink {
    /// The row, counted from the first row of the group.
    public var row: Int
    /// Called once with the row's probabilities after all edits. The pattern is valid during the call, which must not
    /// use the `Compute` that makes it.
    public var receive: (AttentionPattern) -> Void

    /// Creates a sink.
    public init(
        row: Int,
        receive: @escaping (AttentionPattern) -> Void
    ) {
        self.row = row
        self.receive = receive
    }
}

/// Consecutive query rows that share one sequence of keys.
public struct AttentionGroup {
    /// Rows of the queries and the context.
    public var rows: Range<Int>
    /// Pages of keys and values in order of position, all of one shape; all but the last are full.
    public var pages: [KeyValuePage]
    /// Positions that the pages hold.
    public var keyCount: Int
    /// Position of the first row.
    public var firstPosition: Int
    /// Row i sees keys 0...(firstPosition + i) if causal, otherwise all.
    public var causal: Bool
    /// Edits of edges, indexed from the first row; nil is none.
    public var edits: AttentionEdits?
    /// Rows whose pattern is wanted, in ascending order; they are called in that order.
    public var captures: [PatternSink]

    /// Creates a group.
    public init(
        rows: Range<Int>,
        pages: [KeyValuePage],
        keyCount: Int,
        firstPosition: Int = 0,
        causal: Bool,
        edits: AttentionEdits? = nil,
        captures: [PatternSink] = []
    ) {
        self.rows = rows
        self.pages = pages
        self.keyCount = keyCount
        self.firstPosition = firstPosition
        self.causal = causal
        self.edits = edits
        self.captures = captures
    }

    /// Keys that row `row` of the group sees.
    func visibleKeys(row: Int) -> Int { causal ? min(keyCount, firstPosition + row + 1) : keyCount }
}
