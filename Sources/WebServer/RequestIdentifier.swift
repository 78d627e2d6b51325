import Foundation
import HTTPTypes

/// The id that ties a request to its answer and its log lines.
enum RequestIdentifier {
    static let fieldName = HTTPField.Name("X-Request-Id")

    /// The client's own id if it is short and plain enough to be repeated in headers and logs, else a new one.
    static func identifier(in headers: HTTPFields?) -> String {
        if let fieldName, let given = headers?[fieldName], isValid(given) { return given }
        return "req_" + UUID().uuidString.lowercased().filter { $0 != "-" }
    }

    private static func isValid(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"\\<>".utf8.contains($0) }
    }
}
