import Foundation
import Testing

@testable import Tokenization

@Suite("Loading tokenizer.json")
struct TokenizerLoadingTests {
    private func failure(_ json: String) -> TokenizerError? {
        do {
            _ = try Tokenizer(json: Data(json.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "broken files give an error that names the place",
        arguments: [
            ("", .invalidJSON, "byte 0"),
            ("{", .invalidJSON, "a string"),
            ("null", .invalidField, "object"),
            ("[]", .invalidField, "object"),
            ("{}", .invalidField, "\"model\""),
            (#"{"model":{"type":"Unigram"}}"#, .unsupportedComponent, "Unigram"),
            (#"{"model":{"type":"BPE","merges":[]}}"#, .invalidField, "\"vocab\""),
            (#"{"model":{"type":"BPE","vocab":{"a":"b"},"merges":[]}}"#, .invalidField, "\"a\""),
            (#"{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}"#, .invalidField, "\"a\""),
            (#"{"model":{"type":"BPE","vocab":{"a":1.5},"merges":[]}}"#, .invalidField, "\"a\""),
            (#"{"model":{"type":"BPE","vocab":{"a":99999999},"merges":[]}}"#, .limitExceeded, "99999999"),
            (#"{"model":{"type":"BPE","vocab":{"a":1e300},"merges":[]}}"#, .invalidField, "\"a\""),
            (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}"#, .invalidVocabulary, "merges[0]"),
            (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}"#, .invalidField, "merges[0]"),
            (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a","a","a"]]}}"#, .invalidField, "merges[0]"),
            (#"{"model":{"type":"BPE","vocab":{},"merges":[],"unk_token":"u"}}"#, .invalidVocabulary, "\"u\""),
            (#"{"model":{"type":"BPE","vocab":{},"merges":[],"dropout":0.1}}"#, .unsupportedComponent, "dropout"),
            (#"{"model":{"type":"BPE","vocab":{},"merges":[],"byte_fallback":1}}"#, .invalidField, "byte_fallback"),
            (
                #"{"model":{"type":"BPE","vocab":{},"merges":[],"end_of_word_suffix":"</w>"}}"#, .unsupportedComponent,
                "suffix"
            ),
        ] as [(String, TokenizerError.Code, String)]
    )
    func namesFault(json: String, code: TokenizerError.Code, words: String) {
        let error = failure(json)
        #expect(error?.code == code)
        #expect(error?.message.contains(words) == true, Comment(rawValue: error?.message ?? "no error"))
    }

    @Test(
        "unknown components are named",
        arguments: [
            (#""normalizer":{"type":"Precompiled"}"#, "Precompiled"),
            (#""normalizer":{"type":"Sequence","normalizers":[{"type":"Nmt"}]}"#, "Nmt"),
            (#""pre_tokenizer":{"type":"UnicodeScripts"}"#, "UnicodeScripts"),
            (#""pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Odd"}"#, "Odd"),
            (#""pre_tokenizer":{"type":"Metaspace","prepend_scheme":"odd"}"#, "odd"),
            (#""post_processor":{"type":"Other"}"#, "Other"),
            (#""decoder":{"type":"WordPiece"}"#, "WordPiece"),
        ]
    )
    func namesUnknownComponent(field: String, name: String) {
        let error = failure(#"{"model":{"type":"BPE","vocab":{},"merges":[]},\#(field)}"#)
        #expect(error?.code == .unsupportedComponent)
        #expect(error?.message.contains("\"\(name)\"") == true)
    }

    @Test(
        "components with bad fields are refused",
        arguments: [
            #""normalizer":{}"#, #""normalizer":5"#,
            #""normalizer":{"type":"Replace","pattern":{"Regex":"("},"content":""}"#,
            #""normalizer":{"type":"Replace","pattern":"a","content":""}"#, #""pre_tokenizer":{"type":"Sequence"}"#,
            #""pre_tokenizer":{"type":"CharDelimiterSplit","delimiter":"ab"}"#,
            #""post_processor":{"type":"TemplateProcessing","single":[]}"#,
            #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}]}"#,
            #""post_processor":{"type":"BertProcessing","cls":["a"],"sep":["b",1]}"#,
            #""decoder":{"type":"Strip","content":"ab","start":1,"stop":0}"#,
            #""decoder":{"type":"Strip","content":"a","start":-1,"stop":0}"#, #""added_tokens":{}"#,
            #""added_tokens":[{"content":"a"}]"#, #""added_tokens":[{"content":1,"id":1}]"#,
            #""added_tokens":[{"content":"a","id":4294967296}]"#, #""added_tokens":[{"content":"a","id":-1}]"#,
        ]
    )
    func refusesBadFields(field: String) {
        #expect(failure(#"{"model":{"type":"BPE","vocab":{},"merges":[]},\#(field)}"#) != nil)
    }

    @Test("a missing file is an error that names it")
    func reportsMissingFile() {
        let url = URL(filePath: "/nonexistent/tokenizer.json")
        #expect { try Tokenizer(contentsOf: url) } throws: { error in
            (error as? TokenizerError)?.code == .unreadableFile && "\(error)".contains("tokenizer.json")
        }
    }

    @Test("an empty vocabulary loads, and encodes to nothing")
    func acceptsEmptyVocabulary() throws {
        let tokenizer = try Tokenizer(json: Data(#"{"model":{"vocab":{},"merges":[]}}"#.utf8))
        #expect(tokenizer.vocabularySize == 0)
        #expect(tokenizer.encode("text", addSpecialTokens: true) == [])
        #expect(tokenizer.decode([0, 1], skipSpecialTokens: false) == "")
    }

    @Test("canonically equivalent entries stay apart")
    func keepsEquivalentEntriesApart() throws {
        let vocabulary = ["\u{e9}": 0, "e": 1, "\u{301}": 2]
        let entries = #"{"\u00e9":0,"e":1,"\u0301":2,"e\u0301":3}"#
        let json = #"{"model":{"type":"BPE","vocab":\#(entries),"merges":[["e","\u0301"]]}}"#
        let tokenizer = try Tokenizer(json: Data(json.utf8))
        #expect(tokenizer.vocabularySize == vocabulary.count + 1)
        #expect(tokenizer.encode("\u{e9}e\u{301}", addSpecialTokens: false) == [0, 3])
        #expect(tokenizer.id(of: "e\u{301}") == 3)
        #expect(tokenizer.id(of: "\u{e9}") == 0)
    }

    @Test("both spellings of merges mean the same")
    func readsBothMergeSpellings() throws {
        let pairs = try Tokenizer.small(vocabulary: ["ab": 1, "abc": 2], merges: [["a", "b"], ["ab", "c"]])
        let lines = try Tokenizer.small(vocabulary: ["ab": 1, "abc": 2], model: ["merges": ["a b", "ab c"]])
        #expect(pairs.encode("abcab", addSpecialTokens: false) == [2, 1])
        #expect(lines.encode("abcab", addSpecialTokens: false) == [2, 1])
    }

    @Test("the largest id decides the size, gaps included")
    func countsGaps() throws {
        let token: [String: Any] = ["id": 500, "content": "<x>", "special": true]
        let tokenizer = try Tokenizer.small(fields: ["added_tokens": [token]])
        #expect(tokenizer.vocabularySize == 501)
        #expect(tokenizer.piece(499) == nil)
        #expect(tokenizer.piece(500) == "<x>")
        #expect(tokenizer.isSpecial(500))
        #expect(tokenizer.id(of: "<x>") == 500)
    }
}
