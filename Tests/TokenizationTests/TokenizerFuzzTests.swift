import Foundation
import Testing

@testable import Tokenization

@Suite("Damaged tokenizer files load or give an error")
struct TokenizerFuzzTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        /// SplitMix64 (Steele et al. 2014).
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// A file with many components and a short vocabulary, so that damage often hits a component.
    private static let content = """
        {"version":"1.0","added_tokens":[{"id":0,"content":"<unk>","special":true,"normalized":false},
        {"id":9,"content":"<image>","special":true,"lstrip":true,"rstrip":true,"single_word":false,"normalized":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Strip","strip_left":true},
        {"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"Regex":" +"},"content":"▁"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\\\s+|\\\\p{L}+"},
        "behavior":"Isolated","invert":false},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"},
        {"type":"ByteLevel","use_regex":true,"add_prefix_space":true}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
        {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]},
        "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"ignore_merges":false,
        "vocab":{"<unk>":0,"<s>":1,"a":2,"b":3,"ab":4,"<0x41>":5,"▁":6,"▁a":7,"\\u00e9":8},
        "merges":["a b",["▁","a"]]}}
        """

    private func exercise(_ bytes: [UInt8]) {
        guard let tokenizer = try? Tokenizer(json: Data(bytes)) else { return }
        let ids = tokenizer.encode("ab <image> A\u{301}ﬁ\n\u{0}🙂 ", addSpecialTokens: true)
        _ = tokenizer.decode(ids + [-1, 3, 1 << 40], skipSpecialTokens: true)
    }

    @Test("the undamaged file loads")
    func loadsWhole() throws {
        let tokenizer = try Tokenizer(json: Data(Self.content.utf8))
        #expect(tokenizer.encode("", addSpecialTokens: true) == [1])
    }

    @Test("cut off anywhere, it is an error")
    func refusesTruncated() {
        let bytes = Array(Self.content.utf8)
        for length in bytes.indices {
            #expect(throws: TokenizerError.self) { try Tokenizer(json: Data(bytes[..<length])) }
        }
    }

    @Test("with changed bits it loads or gives an error", arguments: 0..<8)
    func survivesBitFlips(seed: UInt64) {
        var generator = Generator(state: seed)
        let bytes = Array(Self.content.utf8)
        for _ in 0..<150 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                damaged[Int.random(in: bytes.indices, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            exercise(damaged)
        }
    }

    @Test("with any value of another type it loads or gives an error")
    func survivesWrongTypes() throws {
        let replacements = ["null", "true", "-1", "1e99", "\"x\"", "[]", "{}", "[[1]]"]
        let bytes = Array(Self.content.utf8)
        for position in bytes.indices where bytes[position] == UInt8(ascii: ":") {
            let start = position + 1
            let end = bytes[start...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? bytes.count
            for replacement in replacements {
                exercise(Array(bytes[..<start]) + Array(replacement.utf8) + Array(bytes[end...]))
            }
        }
    }
}
