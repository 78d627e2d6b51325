import CZlib
import Foundation

/// Arrays as one NumPy archive: a zip file of `.npy` members, not compressed, which numbers of attention hardly gain by.
///
/// Formats: NumPy's `numpy.lib.format` (version 1.0) and PKWARE's APPNOTE without the 64-bit extensions.
struct NPZArchive {
    private var body = Data()
    private var directory = Data()
    private var count: UInt16 = 0

    /// Bytes that an archive without 64-bit extensions may have.
    static let limit = Int(UInt32.max) - (1 << 20)

    /// Adds an array under `name`.
    mutating func add(_ array: NumberArray, name: String, type: ArrayEncoding.NumberType = .f32) {
        add(Self.npyHeader(array.shape, type == .f32 ? "<f4" : "<f2") + array.bytes(type), file: "\(name).npy")
    }

    /// Adds an array of integers under `name`.
    mutating func add(_ array: IntegerArray, name: String) {
        add(Self.npyHeader(array.shape, "<i4") + array.bytes, file: "\(name).npy")
    }

    /// Adds a file as it is.
    mutating func add(_ data: Data, file: String) {
        let name = Data(file.utf8)
        let offset = UInt32(body.count)
        var entry = Data()
        entry.append(UInt16(20))  // version needed
        entry.append(UInt16(0x0800))  // names are UTF-8
        entry.append(UInt16(0))  // stored
        entry.append(UInt16(0))  // 0:00
        entry.append(UInt16(0x0021))  // 1 January 1980: the same numbers give the same bytes
        entry.append(Self.checksum(data))
        entry.append(UInt32(data.count))
        entry.append(UInt32(data.count))
        entry.append(UInt16(name.count))
        entry.append(UInt16(0))
        body.append(UInt32(0x0403_4B50))
        body += entry + name + data

        directory.append(UInt32(0x0201_4B50))
        directory.append(UInt16(20))  // made by
        directory += entry
        directory.append(UInt16(0))  // comment
        directory.append(UInt16(0))  // disk
        directory.append(UInt16(0))
        directory.append(UInt32(0))
        directory.append(offset)
        directory += name
        count += 1
    }

    /// The whole file.
    var data: Data {
        var end = Data()
        end.append(UInt32(0x0605_4B50))
        end.append(UInt32(0))  // disks
        end.append(count)
        end.append(count)
        end.append(UInt32(directory.count))
        end.append(UInt32(body.count))
        end.append(UInt16(0))
        return body + directory + end
    }

    // MARK: - Private

    /// Magic, version, and a dictionary padded so that the numbers begin at a multiple of 64.
    private static func npyHeader(_ shape: [Int], _ code: String) -> Data {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '\(code)', 'fortran_order': False, 'shape': (\(sizes)), }"
        let unpadded = 10 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        var header = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])
        header.append(UInt16(text.utf8.count))
        return header + Data(text.utf8)
    }

    private static func checksum(_ data: Data) -> UInt32 {
        data.withUnsafeBytes {
            UInt32(truncatingIfNeeded: crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count))
        }
    }
}

extension Data {
    fileprivate mutating func append<Word: FixedWidthInteger>(_ word: Word) {
        Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
    }
}
