import Foundation
import Testing

@testable import Weights

@Suite struct MappedFileTests {
    @Test func mapsTheWholeFile() throws {
        let directory = try TemporaryDirectory()
        let url = try directory.write("a.bin", [1, 2, 3])
        let file = try MappedFile(path: url.path)
        #expect(Array(file.bytes) == [1, 2, 3])
        #expect(file.path == url.path)
    }

    @Test func anEmptyFileHasNoBytes() throws {
        let directory = try TemporaryDirectory()
        #expect(try MappedFile(path: directory.write("empty", []).path).bytes.isEmpty)
    }

    @Test func aMissingFileIsAnErrorWithPathAndReason() throws {
        let directory = try TemporaryDirectory()
        let path = directory.url.appendingPathComponent("absent").path
        let error = #expect(throws: WeightsError.self) { try MappedFile(path: path) }
        #expect(error?.code == .unreadable)
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains("No such file") == true)
    }

    @Test func aDirectoryIsNotAFile() throws {
        let directory = try TemporaryDirectory()
        let error = #expect(throws: WeightsError.self) { try MappedFile(path: directory.url.path) }
        #expect(error?.code == .unreadable)
    }
}
