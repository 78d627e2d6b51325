import Foundation
import Imaging
import Testing

@Suite struct ImagePreprocessorTests {
    @Test(arguments: Fixtures.prepared)
    func valuesEqualTransformers(_ expected: Fixtures.Prepared) throws {
        let preprocessor = try Fixtures.withDirectory(
            ["preprocessor_config.json": expected.configuration.description]
        ) {
            try ImagePreprocessor(
                directory: $0,
                override: expected.override,
                modelImageSize: expected.side,
                patchSize: 14
            )
        }
        let prepared = preprocessor.prepare(try Fixtures.image(expected.file))
        #expect(prepared.pixels.count == 3 * expected.side * expected.side)
        let sampled = stride(from: 0, to: prepared.pixels.count, by: expected.stride).map { prepared.pixels[$0] }
        let floats = expected.floats
        #expect(sampled.count == floats.count)
        let error = zip(sampled, floats).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error <= 1e-6 * max(1, floats.map(abs).max() ?? 1))
    }

    static let crop28 = #""size":{"shortest_edge":28},"crop_size":{"height":28,"width":28}"#

    func make(_ files: [String: String], override: Preprocess? = nil, side: Int = 28) throws -> ImagePreprocessor {
        try Fixtures.withDirectory(files) {
            try ImagePreprocessor(directory: $0, override: override, modelImageSize: side, patchSize: 14)
        }
    }

    @Test func theNestedProcessorComesFirst() throws {
        let fields = #""image_processor_type":"LlavaImageProcessorFast","do_pad":true"#
        let nested = #"{"image_processor":{\#(fields),\#(Self.crop28)}}"#
        let files = ["processor_config.json": nested, "preprocessor_config.json": "{\(Self.crop28)}"]
        #expect(try make(files).preprocess == .pad)
        #expect(try make(files, override: .crop).preprocess == .crop)
    }

    @Test func aProcessorFileWithoutImagePartIsPassedOver() throws {
        let files = ["processor_config.json": #"{"patch_size":14}"#, "preprocessor_config.json": "{\(Self.crop28)}"]
        #expect(try make(files).preprocess == .crop)
    }

    @Test(
        arguments: [
            ("{", nil), ("[]", nil), ("", nil),
            (#"{"size":"large"}"#, "size"),
            (#"{"size":{"longest_edge":3}}"#, "size"),
            (#"{"size":0}"#, "size"),
            (#"{"size":-3}"#, "size"),
            (#"{"crop_size":{"shortest_edge":28}}"#, "crop_size"),
            (#"{\#(crop28),"resample":9}"#, "resample"),
            (#"{\#(crop28),"do_resize":"yes"}"#, "do_resize"),
            (#"{\#(crop28),"image_mean":[1,2]}"#, "image_mean"),
            (#"{\#(crop28),"image_std":[1,0,1]}"#, "image_std"),
            (#"{\#(crop28),"do_center_crop":false}"#, "do_center_crop"),
            (#"{\#(crop28),"image_processor_type":"ConvNextImageProcessor"}"#, "image_processor_type"),
            (#"{"size":28,"crop_size":30}"#, "crop_size"),
            (#"{"image_processor_type":"SiglipImageProcessor","size":30}"#, "size"),
        ] as [(String, String?)]
    )
    func aBadFileIsNamedWithItsField(_ text: String, _ field: String?) throws {
        let error = #expect(throws: ImageError.self) { try make(["preprocessor_config.json": text]) }
        guard case .configuration("preprocessor_config.json", let named, let reason) = error else {
            Issue.record("unexpected \(String(describing: error))")
            return
        }
        #expect(named == field)
        #expect(!reason.isEmpty)
    }

    @Test func aMissingFileAndTilesAreRefused() {
        #expect(throws: ImageError.self) { try make([:]) }
        #expect(throws: ImageError.self) {
            try make(["preprocessor_config.json": "{\(Self.crop28)}"], override: .tiles)
        }
    }

    @Test func patchesAreFlattenedLikeAConvolutionsWeight() throws {
        let side = 28
        let prepared = try make(["preprocessor_config.json": "{\(Self.crop28)}"])
            .prepare(try Fixtures.image("landscape.png"))
        let patches = prepared.patches(size: 9)  // 28 = 3 * 9 + 1: the last pixel belongs to no patch
        #expect(patches.count == 9 * 3 * 81)
        for (patch, channel, y, x) in [(0, 0, 0, 0), (4, 1, 2, 8), (5, 2, 8, 0), (8, 2, 8, 8)] {
            let expected = prepared.pixels[(channel * side + patch / 3 * 9 + y) * side + patch % 3 * 9 + x]
            #expect(patches[((patch * 3 + channel) * 9 + y) * 9 + x] == expected)
        }
    }
}
