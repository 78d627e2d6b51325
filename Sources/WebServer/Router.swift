import HTTPCore
import HTTPTypes

/// Finds the route for a method and path.
struct Router: Sendable {
    /// What the catalog says to a request.
    enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// The path exists, but not with this method.
        case otherMethods([HTTPRequest.Method])
        case none
    }

    private enum Segment: Sendable {
        case literal(String)
        case parameter(String)
    }

    private let entries: [(route: Route, segments: [Segment])]

    init(_ routes: [Route]) {
        entries = routes.map { ($0, Self.segments(of: $0.pattern)) }
    }

    /// The first route that matches decoded path segments.
    func match(_ method: HTTPRequest.Method, _ path: [String]) -> Match {
        let wanted = method == .head ? .get : method
        var others: [HTTPRequest.Method] = []
        for entry in entries {
            guard let parameters = Self.match(entry.segments, path) else { continue }
            if entry.route.method == wanted { return .route(entry.route, parameters: parameters) }
            others.append(entry.route.method)
        }
        return others.isEmpty ? .none : .otherMethods(Self.allowed(others))
    }

    /// The methods to name in `Allow`, in order and with what the server adds by itself.
    static func allowed(_ methods: [HTTPRequest.Method]) -> [HTTPRequest.Method] {
        var names = Set(methods.map(\.rawValue))
        if names.contains("GET") { names.insert("HEAD") }
        names.insert("OPTIONS")
        return names.sorted().compactMap { HTTPRequest.Method($0) }
    }

    // MARK: - Private

    private static func segments(of pattern: String) -> [Segment] {
        pattern.split(separator: "/").map { segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .parameter(String(segment.dropFirst().dropLast())) : .literal(String(segment))
        }
    }

    private static func match(_ pattern: [Segment], _ path: [String]) -> [String: String]? {
        guard pattern.count == path.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, text) in zip(pattern, path) {
            switch segment {
            case .literal(let literal): guard literal == text else { return nil }
            case .parameter(let name):
                guard !text.isEmpty else { return nil }
                parameters[name] = text
            }
        }
        return parameters
    }
}
