import Foundation
import Imaging

/// Pictures of noise, which differ in every patch.
enum Pictures {
    static let firstFile = png(width: 60, height: 40, seed: 1)
    static let first = uri(firstFile)
    static let second = uri(png(width: 60, height: 40, seed: 2))
    static let dot = uri(png(width: 1, height: 1, seed: 3))

    /// A scene of the embedded model's world, from the viewer's examples.
    static func example(_ name: String) -> String {
        let root = (0..<3).reduce(TestAPI.model) { url, _ in url.deletingLastPathComponent() }
        return uri((try? Data(contentsOf: root.appendingPathComponent("public/examples/\(name)"))) ?? Data())
    }

    /// A PNG header that announces more pixels than anybody has.
    static let huge: String = {
        var bytes = [UInt8](firstFile)
        bytes.replaceSubrange(16..<24, with: [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])
        return uri(Data(bytes))
    }()

    /// A JPEG that ends in its headers.
    static let truncatedJPEG =
        "data:image/jpeg;base64,"
        + Data([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1]).base64EncodedString()

    static func uri(_ file: Data) -> String { "data:image/png;base64," + file.base64EncodedString() }

    static func png(width: Int, height: Int, seed: UInt64) -> Data {
        var state = seed
        let pixels = (0..<width * height * 3).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        guard let file = try? PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels)) else {
            preconditionFailure("a picture of \(width)x\(height) can be encoded")
        }
        return file
    }
}
