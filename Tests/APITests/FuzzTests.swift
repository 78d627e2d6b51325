import Foundation
import JSON
import Testing

@Suite("Mutated bodies")
struct FuzzTests {
    static let bodies: [(String, JSONValue)] = [
        (
            "/v1/chat/completions",
            .question(members: [
                "temperature": 0.5, "seed": 3, "stop": ["x"], "logprobs": true, "top_logprobs": 2, "max_tokens": 2,
                "interventions": [["kind": "attention_knockout", "preset": "img->gen", "layers": ["from": 1]]],
            ])
        ),
        (
            "/v1/attention",
            .question(members: [
                "attention": [
                    "rows": ["union": ["question", ["range": [0, 3]]]], "heads": [0, 1], "columns": "all",
                    "layers": ["center": 2, "width": 2],
                ],
                "max_tokens": 1,
            ])
        ),
        (
            "/v1/attention",
            .question(members: [
                "attention": [
                    "rows": ["union": ["last", "generated"]], "layers": [1, 2], "rollout": true, "heads": "mean",
                    "exclude_sinks": ["tau": 2, "dimensions": [3, 5]], "normalize": "image",
                ],
                "max_tokens": 1, "stream": false,
            ])
        ),
        (
            "/v1/attention",
            .question(members: [
                "attention": [
                    "tower": "vision", "rows": ["patches": [[0, 1], [2, 3]], "buffer": 1], "layers": [0],
                    "heads": [1], "columns": "all", "normalize": "image", "rollout": false, "exclude_sinks": false,
                ],
                "render": ["row": 0, "layer": 0],
            ])
        ),
        (
            "/v1/knockout",
            .question(members: [
                "knockouts": [
                    [
                        "name": "box",
                        "interventions": [
                            [
                                "kind": "attention_knockout", "from": ["box": [0, 0, 20, 20], "buffer": 1],
                                "to": ["minus": ["post_image", "last"]], "heads": [1], "mode": "post_softmax",
                            ]
                        ],
                    ]
                ],
                "sweep": ["knockouts": ["img->txt"], "layers": [["window": [1, 2]], ["fraction": [0, 0.5]]]],
                "score": ["targets": ["Yes"], "top_k": 2], "max_tokens": 1,
            ])
        ),
        ("/v1/detokenize", ["tokens": [1, 2, 3]]),
    ]

    /// What members are replaced by: every kind of value, and numbers at their limits.
    static let replacements: [JSONValue] = [
        nil, true, 0, -1, 3, .integer(.max), .integer(.min), 1e300, -0.5, "", "image", "img->gen", "\u{0}", [], [[]],
        .object([:]), [1, "x"], ["range": [5, 2]], ["random": 3, "of": "image"], ["rows": [-1]],
    ]

    @Test("no mutation of a valid body is the server's fault, and none stops it", arguments: bodies.indices)
    func mutations(_ index: Int) async throws {
        let api = try TestAPI.shared.get()
        let (path, body) = Self.bodies[index]
        #expect(try await api.post(path, body).status == 200)
        var generator = Generator(state: UInt64(index) + 1)
        for _ in 0..<150 {
            var mutant = Self.mutated(body, &generator)
            if Bool.random(using: &generator) { mutant = Self.mutated(mutant, &generator) }
            // A long answer would only be slow.
            if case .object(var fields) = mutant, fields["max_tokens"]?.integer ?? 9 > 4 {
                fields["max_tokens"] = 2
                mutant = .object(fields)
            }
            let answer = try await api.post(path, mutant)
            #expect((200..<500).contains(answer.status), "\(String(decoding: mutant.serialized(), as: UTF8.self))")
            if answer.status >= 400 { #expect(try answer.json.at("error.message").string != nil) }
        }
        #expect(try await api.get("/health").status == 200)
    }

    /// The value with one of its parts replaced, dropped or doubled.
    private static func mutated(_ value: JSONValue, _ generator: inout Generator) -> JSONValue {
        guard Int.random(in: 0..<6, using: &generator) > 0 else {
            return replacements.randomElement(using: &generator) ?? nil
        }
        if var fields = value.object, let key = fields.keys.sorted().randomElement(using: &generator) {
            fields[key] = Int.random(in: 0..<8, using: &generator) == 0 ? nil : mutated(fields[key] ?? nil, &generator)
            return .object(fields)
        }
        if var elements = value.array, let place = elements.indices.randomElement(using: &generator) {
            let element = mutated(elements[place], &generator)
            if Bool.random(using: &generator) { elements.append(element) } else { elements[place] = element }
            return .array(elements)
        }
        return replacements.randomElement(using: &generator) ?? nil
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): the same mutations in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
