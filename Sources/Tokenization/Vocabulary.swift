/// Pieces and ids, both ways. Pieces are told apart by their bytes, not by canonical equivalence.
struct Vocabulary: Sendable {
    /// Ids from here on are refused; the largest published vocabularies have about 300,000 entries.
    static let idLimit = 1 << 22

    private(set) var size = 0
    private var pieces: [String?] = []
    private var ids: [PieceKey: Int32] = [:]

    init() {}

    init(_ field: JSONField) throws(TokenizerError) {
        let members = try field.members()
        ids.reserveCapacity(members.count)
        for member in members {
            // A name in the path for each of 150,000 entries would cost more than reading them.
            guard case .number(let number) = member.value, let id = Int(exactly: number), id >= 0 else {
                throw TokenizerError(
                    .invalidField,
                    "\(field.path): the id of \"\(member.name)\" must be a whole number"
                )
            }
            try insert(member.name, id: id)
        }
    }

    mutating func insert(_ piece: String, id: Int) throws(TokenizerError) {
        guard id < Self.idLimit else {
            throw TokenizerError(.limitExceeded, "the id of \"\(piece)\" is \(id); the limit is \(Self.idLimit - 1)")
        }
        if id >= pieces.count { pieces.append(contentsOf: repeatElement(nil, count: id + 1 - pieces.count)) }
        pieces[id] = piece
        ids[PieceKey(text: piece)] = Int32(id)
        size = pieces.count
    }

    func piece(_ id: Int) -> String? { pieces.indices.contains(id) ? pieces[id] : nil }

    func id(of piece: String) -> Int? { ids[PieceKey(text: piece)].map(Int.init) }
}

/// A string as a dictionary key that compares bytes.
struct PieceKey: Hashable, Sendable {
    let text: String

    static func == (left: PieceKey, right: PieceKey) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
