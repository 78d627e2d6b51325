import Foundation

/// Asks a server for `/health`, as container checks do.
public enum HealthProbe {
    /// The status that `GET /health` gets.
    ///
    /// - Throws: `SocketError` if the server cannot be reached or answers no HTTP within `seconds`.
    public static func status(host: String, port: UInt16, seconds: Int = 5) throws(SocketError) -> Int {
        let socket = try Socket.connected(host: host, port: port, seconds: seconds)
        let request = Array("GET /health HTTP/1.1\r\nHost: \(host):\(port)\r\nConnection: close\r\n\r\n".utf8)
        guard request.withUnsafeBytes({ socket.send($0) }) == .moved(request.count) else {
            throw SocketError("send to \(host):\(port)")
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 512)
        while answer.count < 64, case .moved(let count) = chunk.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        // RFC 9112 §4: HTTP-version SP status-code SP
        let words = String(decoding: answer, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw SocketError("read the answer of \(host):\(port)", reason: "it is not HTTP")
        }
        return status
    }
}
