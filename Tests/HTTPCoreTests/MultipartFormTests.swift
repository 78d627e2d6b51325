import Foundation
import HTTPCore
import HTTPTypes
import Testing

@Suite struct MultipartFormTests {
    private let type = MediaType("multipart/form-data; boundary=XX")

    private func parse(_ text: String, limits: MultipartForm.Limits = .init()) throws -> [MultipartPart] {
        try MultipartForm(Data(text.utf8), contentType: #require(type), limits: limits).parts
    }

    @Test func readsWhatCurlSends() throws {
        let parts = try parse(
            """
            --XX\r\nContent-Disposition: form-data; name="prompt"\r\n\r\ndescribe\r\nit\r\n\
            --XX\r\nContent-Disposition: form-data; name="image"; filename="a \\"b\\".jpg"\r\n\
            Content-Type: image/jpeg\r\n\r\n\u{0}--XX\r\n--X\r\n\r\n--XX--\r\n
            """
        )
        #expect(parts.map(\.name) == ["prompt", "image"])
        #expect(parts.map(\.filename) == [nil, "a \"b\".jpg"])
        #expect(parts.map(\.contentType?.essence) == [nil, "image/jpeg"])
        #expect(parts.map { String(decoding: $0.body, as: UTF8.self) } == ["describe\r\nit", "\u{0}--XX\r\n--X\r\n"])
        // Parts are free of the form's indices.
        #expect(parts.map(\.body.startIndex) == [0, 0])
    }

    @Test func toleratesPreambleEpiloguePaddingAndEmptiness() throws {
        let field = "Content-Disposition: form-data; name=a\r\n\r\n"
        #expect(try parse("pre\r\n--XX \t\r\n\(field)v\r\n--XX--\r\nepilogue").map(\.name) == ["a"])
        #expect(try parse("--XX\r\n\(field)\r\n--XX--").map(\.body) == [Data()])
        #expect(try parse("--XX--\r\n").isEmpty)
    }

    @Test func acceptsASliceOfLargerData() throws {
        let text = "junk--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--XX--"
        let parts = try MultipartForm(Data(text.utf8).dropFirst(4), contentType: #require(type)).parts
        #expect(parts.map(\.body) == [Data("v".utf8)])
    }

    @Test(arguments: [
        "", "--YY--", "--XX", "--XX\r\n", "--XXv\r\n\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv",
        "--XX\r\n\r\nv\r\n--XX--", "--XX\r\nContent-Disposition: form-data\r\n\r\nv\r\n--XX--",
        "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\nv\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\nv\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\nno end of headers\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\n\nv\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n folded\r\n\r\nv\r\n--XX--",
    ])
    func refusesABrokenForm(text: String) {
        let error = #expect(throws: HTTPError.self) { try parse(text) }
        #expect(error?.status == .badRequest)
    }

    @Test(arguments: ["multipart/form-data", "multipart/form-data; boundary=\"\""])
    func refusesAMissingBoundary(type: String) throws {
        let type = try #require(MediaType(type))
        #expect(throws: HTTPError.self) { try MultipartForm(Data("----".utf8), contentType: type) }
    }

    @Test func keepsItsLimits() throws {
        let part = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n"
        var limits = MultipartForm.Limits()
        limits.parts = 2
        #expect(try parse(part + part + "--XX--", limits: limits).count == 2)
        let many = #expect(throws: HTTPError.self) { try parse(part + part + part + "--XX--", limits: limits) }
        #expect(many?.status == .contentTooLarge)
        limits.headerBytes = 20
        #expect(throws: HTTPError.self) { try parse(part + "--XX--", limits: limits) }
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func neverTrapsOnAnyBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let type = try #require(type)
        let form = "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=b\r\n\r\nv\r\n--XX\r\n\r\n--XX--\r\n"
        for _ in 0..<100 {
            let bytes = random.mutated(Array(form.utf8))
            do {
                let parts = try MultipartForm(Data(bytes), contentType: type).parts
                #expect(parts.allSatisfy { $0.body.count <= bytes.count })
            } catch {
                #expect((400...499).contains(error.status.code))
            }
        }
    }
}
