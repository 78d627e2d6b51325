/// Text on its way through the pipeline, with the place in the original text that each byte comes from.
struct AlignedText: Sendable {
    /// A replacement of part of a text.
    struct Edit {
        let range: Range<Int>
        let replacement: [UInt8]
    }

    /// Valid UTF-8.
    private(set) var bytes: [UInt8] = []
    /// For each byte, where its origin starts in the original text.
    private(set) var starts: [Int] = []
    /// For each byte, where its origin ends in the original text.
    private(set) var ends: [Int] = []

    init() {}

    /// A part of the original text.
    init(original: ArraySlice<UInt8>) {
        bytes = Array(original)
        starts = Array(original.indices)
        ends = starts.map { $0 + 1 }
    }

    /// The part of the original text that a byte range comes from.
    func originalRange(_ range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else {
            let origin = origin(at: range.lowerBound)
            return origin..<origin
        }
        let start = starts[range.lowerBound]
        return start..<max(start, ends[range.upperBound - 1])
    }

    /// The text of a byte range that starts and ends between scalars.
    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The scalars of a byte range, each with its own byte range.
    func forEachScalar(in range: Range<Int>, _ body: (Unicode.Scalar, Range<Int>) -> Void) {
        var start = range.lowerBound
        for scalar in string(range).unicodeScalars {
            let end = start + UTF8.width(scalar)
            body(scalar, start..<end)
            start = end
        }
    }

    /// The whole text after ascending, disjoint edits.
    func applying(_ edits: [Edit]) -> AlignedText {
        guard !edits.isEmpty else { return self }
        var result = AlignedText()
        result.append(self, bytes.indices, edits: edits)
        return result
    }

    /// Appends a part of another text after edits that lie in that part. What an edit puts in stems from all of what it
    /// takes out.
    mutating func append(_ source: AlignedText, _ range: Range<Int>, edits: [Edit]) {
        var position = range.lowerBound
        for edit in edits {
            append(source, position..<edit.range.lowerBound)
            append(edit.replacement, from: source.originalRange(edit.range))
            position = edit.range.upperBound
        }
        append(source, position..<range.upperBound)
    }

    /// Appends a part of another text.
    mutating func append(_ source: AlignedText, _ range: Range<Int>) {
        bytes += source.bytes[range]
        starts += source.starts[range]
        ends += source.ends[range]
    }

    /// Appends bytes that all stem from one part of the original text.
    mutating func append(_ content: [UInt8], from origin: Range<Int>) {
        bytes += content
        starts += repeatElement(origin.lowerBound, count: content.count)
        ends += repeatElement(origin.upperBound, count: content.count)
    }

    // MARK: - Private

    private func origin(at position: Int) -> Int {
        position < starts.count ? starts[position] : ends.last ?? 0
    }
}

/// Lengths of UTF-8 sequences.
enum UTF8Width {
    /// The number of bytes of the scalar that starts with this byte, in valid UTF-8.
    static func ofScalar(leadByte: UInt8) -> Int {
        switch leadByte {
        case 0xF0...: 4
        case 0xE0...: 3
        case 0xC0...: 2
        default: 1
        }
    }
}
