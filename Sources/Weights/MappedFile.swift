internal import Foundation

/// A file mapped read-only into memory: pages are read when first touched and belong to the system's cache.
///
/// A file that shrinks while it is mapped makes the system end the process at the first touch of a lost page; replace
/// a checkpoint by renaming a new one into place, never by writing into the old one.
///
/// Unchecked: the mapping is read-only and unmapped only in `deinit`.
public final class MappedFile: @unchecked Sendable {
    /// Where the file was found.
    public let path: String
    /// What is mapped; valid as long as this object lives.
    public let bytes: UnsafeRawBufferPointer

    private let mapping: UnsafeRawBufferPointer

    /// Maps the regular file at `path`, or `range` of its bytes, which must lie within it.
    ///
    /// - Throws: ``WeightsError`` with code `unreadable` and the system's reason.
    public init(path: String, range wanted: Range<Int>? = nil) throws(WeightsError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(path, "cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw WeightsError(.unreadable, file: path, "is not a regular file")
        }
        let range = wanted ?? 0..<Int(status.st_size)
        guard range.upperBound <= Int(status.st_size) else {
            throw WeightsError(.unreadable, file: path, "has \(status.st_size) bytes; \(range) were to be mapped")
        }
        guard !range.isEmpty else {
            mapping = UnsafeRawBufferPointer(start: nil, count: 0)
            bytes = mapping
            return
        }
        // A mapping begins at a page.
        let lead = range.lowerBound % Int(sysconf(Int32(_SC_PAGESIZE)))
        let count = lead + range.count
        let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, off_t(range.lowerBound - lead))
        guard let start, start != MAP_FAILED else { throw Self.failure(path, "cannot be mapped (\(count) bytes)") }
        mapping = UnsafeRawBufferPointer(start: start, count: count)
        bytes = UnsafeRawBufferPointer(rebasing: mapping[lead...])
    }

    deinit {
        guard let start = mapping.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), mapping.count)
    }

    private static func failure(_ path: String, _ what: String) -> WeightsError {
        WeightsError(.unreadable, file: path, "\(what): \(String(cString: strerror(errno)))")
    }
}
