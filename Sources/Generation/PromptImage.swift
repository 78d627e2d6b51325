public import Foundation

/// A picture of a request, as it was sent.
public struct PromptImage: Sendable {
    /// Stable name of its bytes.
    public let id: String
    /// The file.
    public let bytes: Data
    /// Where it stands in the request, for messages.
    public let path: String

    /// Names the bytes of a file that was found at `path` of a request.
    public init(id: String, bytes: Data, path: String) {
        self.id = id
        self.bytes = bytes
        self.path = path
    }
}
