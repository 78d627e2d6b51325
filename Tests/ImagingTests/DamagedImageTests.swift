import Foundation
import Imaging
import Testing

/// Any bytes give either a picture or an ``ImageError``.
@Suite struct DamagedImageTests {
    @Test(arguments: Fixtures.decoded.map(\.file))
    func aTruncatedFileIsAnErrorOrTheWholePicture(_ file: String) throws {
        let data = try Fixtures.data(file)
        let whole = try Fixtures.image(file)
        for part in 0..<64 {
            let cut = data.prefix(data.count * part / 64)
            do throws(ImageError) {
                #expect(try ImageDecoder.decode(cut).image.pixels.count == whole.pixels.count)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        #expect(throws: ImageError.self) { try ImageDecoder.decode(data.prefix(data.count / 2)) }
    }

    @Test(arguments: Fixtures.decoded.map(\.file))
    func flippedBitsGiveAPictureOrAnError(_ file: String) throws {
        let data = try Fixtures.data(file)
        let limits = ImageLimits(maxBytes: 1 << 20, maxPixels: 1 << 20, maxSide: 4096)
        for trial in 0..<150 {
            var damaged = data
            for flip in 0...trial % 3 {
                // A fixed sequence that spreads over the whole file.
                let bit = (trial &* 2_654_435_761 &+ flip &* 40_503) % (data.count * 8)
                damaged[bit / 8] ^= 1 << (bit % 8)
            }
            do throws(ImageError) {
                let image = try ImageDecoder.decode(damaged, limits: limits).image
                #expect(image.pixels.count == image.width * image.height * 3)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
