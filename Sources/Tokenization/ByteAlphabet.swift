/// The printable stand-ins for the 256 bytes in byte-level vocabularies (GPT-2's `bytes_to_unicode`).
///
/// Printable Latin-1 bytes stand for themselves; the other 68 are U+0100, U+0101, … in byte order.
enum ByteAlphabet {
    /// The stand-in of each byte.
    static let scalars: [Unicode.Scalar] = {
        var extra: UInt32 = 0x100
        return (0..<256).map { byte in
            if isPrintable(byte) { return Unicode.Scalar(UInt8(byte)) }
            defer { extra += 1 }
            return Unicode.Scalar(extra) ?? " "
        }
    }()

    /// The stand-in of each byte, in UTF-8.
    static let encoded: [[UInt8]] = scalars.map { Array(String($0).utf8) }

    /// The byte that each scalar below U+0144 stands for, or nil.
    private static let bytes: [UInt8?] = scalars.enumerated().reduce(into: Array(repeating: nil, count: 0x144)) {
        $0[Int($1.element.value)] = UInt8($1.offset)
    }

    /// Appends the bytes that a piece stands for; nothing, and returns false, if it holds a scalar outside the alphabet.
    static func decode(_ piece: ArraySlice<UInt8>, into result: inout [UInt8]) -> Bool {
        let count = result.count
        var position = piece.startIndex
        while position < piece.endIndex {
            let lead = piece[position]
            let width = UTF8Width.ofScalar(leadByte: lead)
            // The alphabet's scalars take two bytes at most.
            let scalar = width == 1 ? Int(lead) : Int(lead & 0x1F) << 6 | Int(piece[position + 1] & 0x3F)
            guard width <= 2, scalar < bytes.count, let byte = bytes[scalar] else {
                result.removeLast(result.count - count)
                return false
            }
            result.append(byte)
            position += width
        }
        return true
    }

    /// A part of a text with every byte replaced by its stand-in.
    static func append(_ source: AlignedText, _ range: Range<Int>, to result: inout AlignedText) {
        for position in range {
            let origin = source.starts[position]..<source.ends[position]
            result.append(encoded[Int(source.bytes[position])], from: origin)
        }
    }

    private static func isPrintable(_ byte: Int) -> Bool {
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
    }
}
