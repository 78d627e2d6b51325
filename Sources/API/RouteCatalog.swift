import HTTPCore
import HTTPTypes
import JSON
public import WebServer

/// Every route of the API: what the router matches and what `/openapi.json` describes.
public struct RouteCatalog: Sendable {
    let entries: [RouteEntry]
    private let holder: ModelHolder
    private let metrics = RequestMetrics()

    /// The routes over the model in `holder`.
    public init(_ holder: ModelHolder) {
        self.holder = holder
        let described = Self.service(metrics) + Self.models
        func own(_ handler: @escaping RouteEntry.Handler) -> RouteEntry {
            .get("/openapi.json", "This description", handler).answers("Object")
        }
        let description = OpenAPIDocument(described + [own { _, _ in .text("") }]).json.serialized()
        entries = described + [own { _, _ in .json(description) }]
    }

    /// The routes as the server takes them, with every error turned into its status.
    public var routes: [Route] {
        entries.map { [holder] entry in
            Route(
                entry.method,
                entry.pattern,
                summary: entry.summary,
                tags: [entry.tag],
                needsKey: entry.needsKey,
                contentTypes: entry.body?.contentTypes ?? []
            ) { request in
                do { return try await entry.handler(request, holder) } catch { throw APIError.answer(to: error) }
            }
        }
    }

    /// Counts an answer for `/metrics`; the server's observer.
    public func record(_ exchange: ExchangeSummary) { metrics.record(exchange) }
}
