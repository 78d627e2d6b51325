import Foundation
import Testing

@testable import Imaging

@Suite struct EmbeddedMetadataTests {
    @Test(arguments: 1...8)
    func orientationIsReadInBothByteOrders(_ orientation: Int) throws {
        let data = try Fixtures.data("exif-\(orientation).jpg")
        #expect(EmbeddedMetadata(of: data, format: .jpeg).orientation == orientation)
    }

    @Test(arguments: [("exif-8.png", ImageFormat.png, 8), ("exif-5.webp", .webp, 5), ("xmp-6.jpg", .jpeg, 6)])
    func everyContainerIsRead(_ file: String, _ format: ImageFormat, _ orientation: Int) throws {
        #expect(EmbeddedMetadata(of: try Fixtures.data(file), format: format).orientation == orientation)
    }

    @Test(arguments: [("baseline-420.jpg", ImageFormat.jpeg), ("type2-8bit.png", .png), ("lossy.webp", .webp)])
    func mostFilesHaveNone(_ file: String, _ format: ImageFormat) throws {
        #expect(EmbeddedMetadata(of: try Fixtures.data(file), format: format).orientation == nil)
    }

    @Test func valuesThatMeanNothingAreUpright() throws {
        #expect(Orientation(of: try Fixtures.data("exif-9-is-none.jpg"), format: .jpeg) == .upright)
    }

    @Test(arguments: ["exif-6.jpg", "exif-8.png", "exif-5.webp"])
    func aCutOrDamagedContainerNeverTraps(_ file: String) throws {
        let data = try Fixtures.data(file)
        for format in ImageFormat.allCases {
            for count in 0..<min(data.count, 200) {
                _ = EmbeddedMetadata(of: data.prefix(count), format: format).orientation
                var damaged = data
                damaged[count] = 0xFF
                let orientation = EmbeddedMetadata(of: damaged, format: format).orientation
                #expect(orientation.map { 0...0xFFFF ~= $0 } ?? true)
            }
        }
    }
}
