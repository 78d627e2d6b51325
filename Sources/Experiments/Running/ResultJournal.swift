public import Foundation
import JSON
import Probing

/// A file of results, one line for each finished picture, that survives the end of its process at any moment: a line is
/// written whole and brought to the disk before the next picture is begun, and a torn last line is dropped when the file
/// is opened again.
public final class ResultJournal {
    /// What the file holds, in its order.
    public private(set) var items: [ItemResult] = []
    private let file: FileHandle
    private let path: String

    /// Opens or makes the file; a line that is none of its own is an error that names it.
    public init(_ url: URL) throws {
        path = url.path
        if !FileManager.default.fileExists(atPath: path), !FileManager.default.createFile(atPath: path, contents: nil) {
            throw DatasetError(path, "cannot be written")
        }
        file = try FileHandle(forUpdating: url)
        let bytes = try file.readToEnd() ?? Data()
        let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { bytes[...$0] } ?? Data()
        for (index, line) in whole.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
            .enumerated()
        {
            do {
                items.append(try ItemResult(ProbeField(JSONValue(parsing: Data(line)), path: "")))
            } catch {
                throw DatasetError(path, "line \(index + 1) is no result: \(error)")
            }
        }
        try file.truncate(atOffset: UInt64(whole.count))
        try file.seekToEnd()
    }

    deinit {
        try? file.close()
    }

    /// Appends a line and waits until the disk has it.
    public func append(_ item: ItemResult) throws {
        var line = item.json.serialized()
        line.append(UInt8(ascii: "\n"))
        try file.write(contentsOf: line)
        try file.synchronize()
        items.append(item)
    }
}
