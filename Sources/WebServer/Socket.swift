import CSystem
import Foundation

/// A non-blocking TCP socket that closes its descriptor when the last reference goes.
///
/// Sources hold a reference until they are cancelled, so a descriptor is never closed, and its number never reused,
/// while Dispatch still watches it.
final class Socket: Sendable {
    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    /// What a transfer did.
    enum Transfer: Equatable {
        case moved(Int)
        case wouldBlock
        case failed
    }

    /// Receives into a buffer; `.moved(0)` means the peer has closed its side.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        Self.transfer { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    }

    /// Sends from a buffer, as much as fits.
    func send(_ buffer: UnsafeRawBufferPointer) -> Transfer {
        Self.transfer { Foundation.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Tells the peer that nothing more will be sent.
    func shutdownOutput() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends both directions, ahead of the descriptor's close.
    func shutdownBoth() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Whether the connection was reset, so that neither direction works any more.
    var isBroken: Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&entry, 1, 0) == 1 && Int32(entry.revents) & Int32(POLLERR | POLLHUP) != 0
    }

    // MARK: - Connecting

    /// A blocking socket connected to a host and port, whose transfers give up after `seconds`.
    static func connected(host: String, port: UInt16, seconds: Int) throws(SocketError) -> Socket {
        let name = "\(host):\(port)"
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0, let list else {
            throw SocketError("resolve \(host)", reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        for info in sequence(first: list, next: { $0.pointee.ai_next }) {
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            let descriptor = socket(info.pointee.ai_family, type, 0)
            guard descriptor >= 0 else { continue }
            let result = Socket(descriptor: descriptor)
            var patience = timeval(tv_sec: seconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
            if connect(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 { return result }
        }
        throw SocketError("connect to \(name)")
    }

    // MARK: - Listening

    /// A socket bound to a host and port and listening.
    static func listening(host: String, port: UInt16, backlog: Int32 = 512) throws(SocketError) -> Socket {
        let name = "\(host):\(port)"
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0, let list else {
            throw SocketError("resolve \(host)", reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        let info = list.pointee
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(info.ai_family, type, 0)
        guard descriptor >= 0 else { throw SocketError("open a socket for \(name)") }
        let result = Socket(descriptor: descriptor)
        // Otherwise a restart would fail for a minute while old connections linger.
        result.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if info.ai_family == AF_INET6 { result.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { throw SocketError("bind \(name)") }
        guard listen(descriptor, backlog) == 0 else { throw SocketError("listen on \(name)") }
        return result
    }

    /// The address a bound socket has.
    func localAddress() throws(SocketError) -> BoundAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0 else { throw SocketError("read the bound address") }
        return Self.address(storage, length)
    }

    /// What came of asking for the next connection.
    enum Accepted {
        case connection(Socket, peer: String)
        case none
        /// The process or system is out of descriptors or memory: better to wait a little.
        case exhausted(SocketError)
    }

    /// Takes the next waiting connection.
    func accept() -> Accepted {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { cs_accept(descriptor, $0, &length) }
            }
            guard accepted < 0 else {
                let socket = Socket(descriptor: accepted)
                // Answers are written whole; waiting to merge small segments only adds latency to streams.
                socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                // Finds peers that vanished without a word.
                socket.set(SOL_SOCKET, SO_KEEPALIVE, 1)
                socket.set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30)
                socket.set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
                return .connection(socket, peer: Self.address(storage, length).host)
            }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(SocketError("accept a connection"))
            default: return .none
            }
        }
    }

    // MARK: - Private

    private static func transfer(_ call: () -> Int) -> Transfer {
        while true {
            let count = call()
            if count >= 0 { return .moved(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed
            }
        }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func address(_ storage: sockaddr_storage, _ length: socklen_t) -> BoundAddress {
        var storage = storage
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let flags = NI_NUMERICHOST | NI_NUMERICSERV
        _ = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo($0, length, &host, socklen_t(host.count), &service, socklen_t(service.count), flags)
            }
        }
        return BoundAddress(host: text(host), port: UInt16(text(service)) ?? 0)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
