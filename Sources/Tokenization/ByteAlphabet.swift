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

    private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) }
    )

    /// The bytes a piece stands for, or nil if it holds a scalar outside the alphabet.
    static func decode(_ piece: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in piece.unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
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
