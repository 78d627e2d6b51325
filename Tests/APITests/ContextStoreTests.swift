import Foundation
import Generation
import Models
import Probing
import Testing
import Tokenization

@testable import API

@Suite("The store of compressed contexts")
struct ContextStoreTests {
    @Test("names are long and never the same")
    func names() async throws {
        let (store, context) = try await fixture { _ in }
        let ids = try (0..<50).map { _ in try store.add(context) }
        #expect(Set(ids).count == 50)
        #expect(ids.allSatisfy { $0.hasPrefix("ctx_") && $0.count == 36 })
    }

    @Test("the least recently used context makes room for a new one")
    func count() async throws {
        let (store, context) = try await fixture { $0.count = 2 }
        let start = ContinuousClock.now
        let first = try store.add(context, now: start)
        let second = try store.add(context, now: start + .seconds(1))
        #expect(store.context(first, now: start + .seconds(2)) != nil)
        let third = try store.add(context, now: start + .seconds(3))
        #expect(store.context(second) == nil)
        #expect(store.context(first) != nil && store.context(third) != nil)
    }

    @Test("contexts share a limit of bytes; one that exceeds it alone is refused")
    func bytes() async throws {
        let (store, context) = try await fixture { _ in }
        var limits = store.limits
        limits.bytes = context.cache.byteCount
        let narrow = ContextStore(limits)
        let first = try narrow.add(context)
        let second = try narrow.add(context)
        #expect(narrow.context(first) == nil && narrow.context(second) != nil)
        limits.bytes -= 1
        #expect(throws: MemoryError.self) { try ContextStore(limits).add(context) }
        #expect(narrow.remove(second) && !narrow.remove(second))
        _ = try narrow.add(context)
    }

    @Test("a context ends some time after its last use")
    func expiry() async throws {
        let (store, context) = try await fixture { $0.timeToLive = .seconds(10) }
        let start = ContinuousClock.now
        let id = try store.add(context, now: start)
        #expect(store.context(id, now: start + .seconds(9)) != nil)
        #expect(store.context(id, now: start + .seconds(18)) != nil)
        #expect(store.context(id, now: start + .seconds(28)) == nil)
        #expect(!store.remove(id, now: start + .seconds(28)))
    }

    private func fixture(
        _ change: (inout ContextLimits) -> Void
    ) async throws -> (ContextStore, CompressedContext) {
        var limits = ContextLimits()
        change(&limits)
        let resident = try TestAPI.shared.get().holder.ready()
        let picture = PromptImage(id: "picture", bytes: Pictures.firstFile, path: "picture")
        let prompt = try await resident.preparer.prepare(
            [.init(role: .user, parts: [.image(0), .text("why?")])],
            images: [picture]
        )
        var compress = CompressionRequest()
        (compress.keep, compress.select) = (.count(3), .random)
        let compression = try ContextCompression(
            compress,
            prompt: prompt,
            shape: resident.model.probeShape,
            maxTokens: 0
        )
        var request = GenerationRequest(prompt: prompt, maxTokens: 0)
        request.keepsPromptCache = true
        let result = try #require(await resident.engine.result(of: request))
        return (ContextStore(limits), try compression.context(of: result))
    }
}
