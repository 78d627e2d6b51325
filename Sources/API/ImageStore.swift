import COpenSSL
import Foundation
import Imaging
import Synchronization

/// Pictures that clients handed in, by the hash of their bytes; the least recently used go first.
final class ImageStore: Sendable {
    /// A picture as it was sent.
    struct Picture: Sendable {
        let id: String
        let bytes: Data
        let width, height: Int
        let format: ImageFormat
    }

    private struct State {
        var pictures: [String: Picture] = [:]
        /// Ids from the least to the most recently used.
        var order: [String] = []
        var bytes = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// Keeps at most `capacity` bytes of files.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Decodes and keeps a picture; the same bytes get the same id.
    func add(_ bytes: Data) throws(ImageError) -> Picture {
        let id = Self.identifier(bytes)
        if let known = picture(id) { return known }
        let decoded = try ImageDecoder.decode(bytes)
        let picture = Picture(
            id: id,
            bytes: bytes,
            width: decoded.image.width,
            height: decoded.image.height,
            format: decoded.format
        )
        state.withLock { insert(picture, into: &$0) }
        return picture
    }

    /// The picture `id`, which thereby counts as used.
    func picture(_ id: String) -> Picture? {
        state.withLock { state in
            guard let picture = state.pictures[id] else { return nil }
            state.order.removeAll { $0 == id }
            state.order.append(id)
            return picture
        }
    }

    /// `img_` and the SHA-256 of the bytes.
    static func identifier(_ bytes: Data) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        bytes.withUnsafeBytes { buffer in
            _ = SHA256(buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count, &digest)
        }
        return "img_" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: - Private

    private func insert(_ picture: Picture, into state: inout sending State) {
        guard state.pictures.updateValue(picture, forKey: picture.id) == nil else { return }
        state.order.append(picture.id)
        state.bytes += picture.bytes.count
        while state.bytes > capacity, state.order.count > 1 {
            let oldest = state.order.removeFirst()
            state.bytes -= state.pictures.removeValue(forKey: oldest)?.bytes.count ?? 0
        }
    }
}
