public import Foundation
import HTTPCore
import HTTPTypes

/// The files of one directory, served with validators and a strict content security policy.
public struct StaticFiles: Sendable {
    /// What pages served from here may load: their own files, and images they made themselves.
    public static let contentSecurityPolicy = [
        "default-src 'self'", "img-src 'self' data: blob:", "object-src 'none'", "base-uri 'none'",
        "form-action 'self'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private let root: String

    /// Serves the files below `root`; `/` is its `index.html`.
    public init(root: URL) {
        self.root = root.resolvingSymlinksInPath().standardizedFileURL.path
    }

    /// The answer to GET or HEAD for decoded path segments, or `nil` if there is no such file.
    func response(to path: [String], headers: HTTPFields) -> ServerResponse? {
        guard let file = file(at: path) else { return nil }
        var response = ServerResponse(headers: [
            .eTag: file.entityTag,
            // Keep, but ask each time: the viewer changes with the server.
            .cacheControl: "no-cache",
            .contentType: ContentTypes.type(ofFile: file.path),
            .contentSecurityPolicy: Self.contentSecurityPolicy,
        ])
        if let name = HTTPField.Name("Referrer-Policy") { response.headers[name] = "no-referrer" }
        if Self.matches(headers[values: .ifNoneMatch], file.entityTag) {
            response.status = .notModified
            response.headers[.contentType] = nil
        } else {
            response.body = .stream(length: file.size) { try await Self.copy(file, to: $0) }
        }
        return response
    }

    /// Whether there is a file at decoded path segments.
    func contains(_ path: [String]) -> Bool { file(at: path) != nil }

    // MARK: - Private

    private struct File: Sendable {
        let path: String
        let size: Int
        let entityTag: String
    }

    private func file(at segments: [String]) -> File? {
        // Neither dot files nor `..`, and no separator that was hidden by percent-encoding.
        guard segments.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.contains("/") && !$0.contains("\0") })
        else { return nil }
        let relative = segments.isEmpty ? "index.html" : segments.joined(separator: "/")
        // A link that leads out of the directory does not count as a file of it.
        let path = URL(fileURLWithPath: root + "/" + relative).resolvingSymlinksInPath().path
        guard path.hasPrefix(root + "/") else { return nil }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        let modified = Int(info.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(info.st_mtim.tv_nsec)
        let tag = "\"\(String(info.st_size, radix: 16))-\(String(modified, radix: 16))\""
        return File(path: path, size: Int(info.st_size), entityTag: tag)
    }

    /// RFC 9110 §13.1.2: `*` or any listed tag, compared weakly.
    private static func matches(_ values: [String], _ tag: String) -> Bool {
        values.flatMap { $0.split(separator: ",") }.contains { item in
            let item = item.trimmingCharacters(in: .whitespaces)
            return item == "*" || item == tag || item == "W/" + tag
        }
    }

    private static func copy(_ file: File, to writer: ResponseWriter) async throws {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file.path))
        defer { try? handle.close() }
        var remaining = file.size
        while remaining > 0, let block = try handle.read(upToCount: min(remaining, 128 * 1024)), !block.isEmpty {
            try await writer.write(block)
            remaining -= block.count
        }
    }
}
