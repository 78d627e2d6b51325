import HTTPCore
import Testing

/// Time that moves only when told to.
private struct Instant: InstantProtocol {
    var offset = Duration.zero
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    static func at(_ seconds: Int) -> Instant { Instant(offset: .seconds(seconds)) }
}

@Suite struct ConnectionStateTests {
    private let timeouts: ConnectionTimeouts = {
        var timeouts = ConnectionTimeouts()
        timeouts.idle = .seconds(70)
        timeouts.header = .seconds(20)
        timeouts.body = .seconds(30)
        timeouts.minimumBodyRate = 10
        timeouts.write = .seconds(60)
        timeouts.probe = .seconds(1)
        timeouts.drain = .seconds(5)
        return timeouts
    }()

    private func machine() -> ConnectionState<Instant> {
        ConnectionState(timeouts: timeouts, drainLimit: 100, now: .at(0))
    }

    private func isTimeout(_ action: ConnectionState<Instant>.Action) -> Bool {
        if case .answerTimeout = action { true } else { false }
    }

    @Test func closesAnIdleConnection() {
        let state = machine()
        #expect(state.due(now: .at(69)) == .proceed)
        #expect(state.due(now: .at(70)) == .close)
    }

    @Test func countsAHeadFromItsFirstByte() {
        var state = machine()
        _ = state.received(1, now: .at(50))
        _ = state.received(1, now: .at(69))
        #expect(state.due(now: .at(69)) == .proceed)
        #expect(isTimeout(state.due(now: .at(70))))
    }

    @Test func answersABodyThatStopsComing() {
        var state = machine()
        state.bodyBegan(now: .at(10))
        _ = state.received(100_000, now: .at(20))
        #expect(state.due(now: .at(49)) == .proceed)
        #expect(isTimeout(state.due(now: .at(50))))
    }

    @Test func answersABodyThatTrickles() {
        var state = machine()
        state.bodyBegan(now: .at(0))
        // Two bytes a second are below the ten asked for: 30 s and a little more is all they get.
        for second in 1...36 { _ = state.received(2, now: .at(second)) }
        #expect(state.due(now: .at(36)) == .proceed)
        _ = state.received(1, now: .at(37))
        #expect(isTimeout(state.due(now: .at(37))))
    }

    @Test func letsAHandlerTakeItsTime() {
        var state = machine()
        _ = state.received(1, now: .at(0))
        state.requestEnded(now: .at(1))
        #expect(state.due(now: .at(100_000)) == .proceed)
    }

    @Test func closesAClientThatDoesNotRead() {
        var state = machine()
        state.requestEnded(now: .at(0))
        state.writeBlocked(now: .at(10))
        state.writeBlocked(now: .at(40))
        #expect(state.due(now: .at(69)) == .proceed)
        #expect(state.due(now: .at(70)) == .close)
        state.writeProgressed()
        #expect(state.due(now: .at(70)) == .proceed)
    }

    @Test func goesOnOrDrainsAfterAResponse() {
        var kept = machine()
        kept.requestEnded(now: .at(1))
        #expect(kept.responseEnded(keepAlive: true, hasInput: false, now: .at(2)) == .proceed)
        #expect(kept.phase == .idle(since: .at(2)))
        kept.requestEnded(now: .at(3))
        #expect(kept.responseEnded(keepAlive: true, hasInput: true, now: .at(4)) == .proceed)
        #expect(kept.phase == .head(since: .at(4)))
        kept.requestEnded(now: .at(5))
        #expect(kept.responseEnded(keepAlive: false, hasInput: true, now: .at(6)) == .drain)
        #expect(kept.isDraining)
    }

    @Test func boundsADrainInTimeAndBytes() {
        var state = machine()
        state.requestEnded(now: .at(0))
        _ = state.responseEnded(keepAlive: false, hasInput: false, now: .at(1))
        #expect(state.due(now: .at(5)) == .proceed)
        #expect(state.due(now: .at(6)) == .close)
        #expect(state.received(100, now: .at(2)) == .proceed)
        #expect(state.received(1, now: .at(2)) == .close)
    }

    @Test func owesAHalfClosedClientItsAnswers() {
        var state = machine()
        _ = state.received(1, now: .at(0))
        state.requestEnded(now: .at(0))
        #expect(state.inputClosed(now: .at(1)) == .proceed)
        #expect(state.responseEnded(keepAlive: true, hasInput: true, now: .at(2)) == .proceed)
        state.requestEnded(now: .at(2))
        #expect(state.responseEnded(keepAlive: true, hasInput: false, now: .at(3)) == .close)
        var idle = machine()
        #expect(idle.inputClosed(now: .at(1)) == .close)
    }

    @Test func probesAHalfClosedClientUntilTheResponseBegins() {
        var state = machine()
        state.requestEnded(now: .at(0))
        #expect(state.due(now: .at(9)) == .proceed)
        _ = state.inputClosed(now: .at(10))
        #expect(state.due(now: .at(10)) == .proceed)
        #expect(state.due(now: .at(11)) == .probe)
        state.probed(now: .at(11))
        #expect(state.due(now: .at(11)) == .proceed)
        #expect(state.due(now: .at(12)) == .probe)
        state.responseBegan()
        #expect(state.due(now: .at(99)) == .proceed)
    }

    @Test func endsWithTheServer() {
        var idle = machine()
        #expect(idle.shutdown() == .close)
        var busy = machine()
        busy.requestEnded(now: .at(0))
        #expect(busy.shutdown() == .proceed)
        #expect(busy.responseEnded(keepAlive: true, hasInput: true, now: .at(1)) == .drain)
        busy.closed()
        #expect(busy.due(now: .at(1000)) == .proceed)
    }
}
