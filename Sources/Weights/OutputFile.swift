internal import Foundation

/// A new file that is written at given offsets.
///
/// Unchecked: the descriptor never changes, and the system lets several threads write through it.
final class OutputFile: @unchecked Sendable {
    private let path: String
    private let descriptor: Int32

    /// Creates the file; one that exists is an error.
    init(path: String) throws(WeightsError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw WeightsError(.unwritable, file: path, "cannot be created: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Writes all bytes at `offset`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WeightsError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            // More than 2 GB in one call are cut by the system anyway.
            let count = pwrite(descriptor, base + done, min(bytes.count - done, 1 << 30), off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("byte \(offset + done) cannot be written") }
            done += count
        }
    }

    /// Writes all bytes at `offset`.
    func write(_ bytes: [UInt8], at offset: Int) throws(WeightsError) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(copy), at: offset)
    }

    /// Waits until the bytes are on the disk.
    func synchronize() throws(WeightsError) {
        guard fsync(descriptor) == 0 else { throw failure("cannot be written to the disk") }
    }

    private func failure(_ what: String) -> WeightsError {
        WeightsError(.unwritable, file: path, "\(what): \(String(cString: strerror(errno)))")
    }
}
