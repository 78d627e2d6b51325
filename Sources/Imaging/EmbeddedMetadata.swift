internal import Foundation

/// The EXIF block and XMP packet that a picture file carries beside its pixels.
///
/// A damaged container gives whatever was found before the damage.
struct EmbeddedMetadata {
    /// A TIFF structure, without the "Exif" prefix.
    private(set) var exif = ByteReader([])
    private(set) var xmp: [UInt8] = []

    init(of data: Data, format: ImageFormat) {
        let reader = ByteReader([UInt8](data))
        switch format {
        case .jpeg: readJPEG(reader)
        case .png: readPNG(reader)
        case .webp: readWebP(reader)
        }
    }

    /// The orientation of the first EXIF directory, else XMP's `tiff:Orientation`.
    var orientation: Int? { exifOrientation ?? xmpOrientation }

    // MARK: - Private

    private static let exifPrefix = Array("Exif\0\0".utf8)
    private static let xmpPrefix = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    /// Marker segments up to the first scan (ITU-T T.81, B.1.1).
    private mutating func readJPEG(_ file: ByteReader) {
        var exif: [UInt8] = []
        var offset = 2
        while let marker = file.uint16(at: offset), marker >= 0xFF01, marker != 0xFFDA {
            if marker == 0xFFFF {
                offset += 1
                continue
            }
            guard let length = file.uint16(at: offset + 2), length >= 2,
                let body = file.slice(at: offset + 4, count: length - 2)
            else { break }
            if marker == 0xFFE1, body.starts(with: Self.exifPrefix) { exif += body.dropFirst(Self.exifPrefix.count) }
            if marker == 0xFFE1, body.starts(with: Self.xmpPrefix) { xmp = Array(body.dropFirst(Self.xmpPrefix.count)) }
            offset += 2 + length
        }
        self.exif = ByteReader(exif)
    }

    /// Chunks: length, name, body, checksum (PNG 3rd edition, 5.3).
    private mutating func readPNG(_ file: ByteReader) {
        var offset = 8
        while let length = file.uint32(at: offset), let name = file.slice(at: offset + 4, count: 4),
            let body = file.slice(at: offset + 8, count: length)
        {
            if name.elementsEqual("eXIf".utf8) { setExif(body) }
            if name.elementsEqual("iTXt".utf8), body.starts(with: "XML:com.adobe.xmp\0".utf8) { xmp = Array(body) }
            offset += 12 + length
        }
    }

    /// RIFF chunks: name, little-endian length, body padded to an even length (RFC 9649, 2.3).
    private mutating func readWebP(_ file: ByteReader) {
        var offset = 12
        while let name = file.slice(at: offset, count: 4), let length = file.uint32(at: offset + 4, littleEndian: true),
            let body = file.slice(at: offset + 8, count: length)
        {
            if name.elementsEqual("EXIF".utf8) { setExif(body) }
            if name.elementsEqual("XMP ".utf8) { xmp = Array(body) }
            offset += 8 + length + length % 2
        }
    }

    private mutating func setExif(_ body: ArraySlice<UInt8>) {
        exif = ByteReader(Array(body.starts(with: Self.exifPrefix) ? body.dropFirst(Self.exifPrefix.count) : body))
    }

    /// Looks tag 0x0112 up in the first directory (TIFF 6.0, section 2).
    private var exifOrientation: Int? {
        let littleEndian: Bool
        switch exif.slice(at: 0, count: 4).map(Array.init) {
        case [0x49, 0x49, 0x2A, 0x00]: littleEndian = true
        case [0x4D, 0x4D, 0x00, 0x2A]: littleEndian = false
        default: return nil
        }
        guard let directory = exif.uint32(at: 4, littleEndian: littleEndian),
            let count = exif.uint16(at: directory, littleEndian: littleEndian)
        else { return nil }
        for entry in 0..<count {
            let offset = directory + 2 + 12 * entry
            guard let tag = exif.uint16(at: offset, littleEndian: littleEndian) else { return nil }
            if tag == 0x0112, exif.uint16(at: offset + 2, littleEndian: littleEndian) == 3 {
                return exif.uint16(at: offset + 8, littleEndian: littleEndian)
            }
        }
        return nil
    }

    private var xmpOrientation: Int? {
        let text = String(decoding: xmp, as: UTF8.self)
        return text.firstMatch(of: /tiff:Orientation(?:="|>)([0-9])/).flatMap { Int($0.1) }
    }
}

/// Bounds-checked access to the numbers of a file.
struct ByteReader {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func slice(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        return bytes[offset..<offset + count]
    }

    func uint16(at offset: Int, littleEndian: Bool = false) -> Int? {
        number(at: offset, size: 2, littleEndian)
    }

    func uint32(at offset: Int, littleEndian: Bool = false) -> Int? {
        number(at: offset, size: 4, littleEndian)
    }

    private func number(at offset: Int, size: Int, _ littleEndian: Bool) -> Int? {
        guard let slice = slice(at: offset, count: size) else { return nil }
        let bigEndian = littleEndian ? Array(slice.reversed()) : Array(slice)
        return bigEndian.reduce(0) { $0 << 8 | Int($1) }
    }
}
