/// Received bytes not yet parsed, with a cursor that finds each line end once.
struct LineBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0
    /// Bytes after `start` already searched for a line end, so that slow feeding stays linear.
    private var searched = 0

    var count: Int { bytes.count - start }
    var first: UInt8? { count > 0 ? bytes[start] : nil }

    mutating func append(_ new: some Sequence<UInt8>) {
        if start > 0, start == bytes.count || start > 64 * 1024 {
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: new)
    }

    /// Takes up to `limit` bytes.
    mutating func take(_ limit: Int) -> [UInt8] {
        let taken = Array(bytes[start..<(start + Swift.min(limit, count))])
        start += taken.count
        searched = 0
        return taken
    }

    /// The outcome of looking for a line.
    enum Line {
        case complete([UInt8])
        case incomplete
        case tooLong
        /// A line feed without its carriage return, or a carriage return inside the line.
        case malformed
    }

    /// Takes the next line without its CRLF.
    ///
    /// RFC 9112 §2.2 lets a recipient take a bare LF as a line end and forbids a bare CR; both are refused here,
    /// because two parties that disagree on where a line ends can be made to disagree on where a request ends.
    ///
    /// Whether the line is over `limit` depends on its bytes alone, not on how they arrived.
    mutating func takeLine(limit: Int) -> Line {
        let from = start + searched
        // The CR may stand at index `limit` and the LF after it.
        guard let end = bytes[from...].firstIndex(of: 0x0A) else {
            searched = count
            let endsInReturn = bytes.last == 0x0D
            return count > limit + (endsInReturn ? 1 : 0) ? .tooLong : .incomplete
        }
        let length = end - start - (end > start && bytes[end - 1] == 0x0D ? 1 : 0)
        guard length <= limit else { return .tooLong }
        guard end > start, bytes[end - 1] == 0x0D else { return .malformed }
        let line = Array(bytes[start..<(end - 1)])
        guard !line.contains(0x0D) else { return .malformed }
        start = end + 1
        searched = 0
        return .complete(line)
    }
}
