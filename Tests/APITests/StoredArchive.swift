import Foundation

/// The members of a zip file that was not compressed, read by its local headers (PKWARE's APPNOTE, 4.3.7).
struct StoredArchive {
    private(set) var members: [String: Data] = [:]

    init(_ data: Data) {
        let bytes = [UInt8](data)
        func number(_ offset: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        var offset = 0
        while offset + 30 <= bytes.count, number(offset, 4) == 0x0403_4B50 {
            let name = offset + 30
            let start = name + number(offset + 26, 2) + number(offset + 28, 2)
            let end = start + number(offset + 18, 4)
            members[String(decoding: bytes[name..<name + number(offset + 26, 2)], as: UTF8.self)] =
                Data(bytes[start..<end])
            offset = end
        }
    }

    /// The header and the numbers of an array; `nil` if there is none of that name.
    func array(_ name: String) -> (header: String, words: [UInt32])? {
        guard let data = members["\(name).npy"] else { return nil }
        let start = 10 + Int(data[data.startIndex + 8]) + Int(data[data.startIndex + 9]) << 8
        let words = stride(from: start, to: data.count - 3, by: 4).map { offset in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[data.startIndex + offset + $1]) << (8 * $1) }
        }
        return (String(decoding: data.prefix(start), as: UTF8.self), words)
    }
}
