import CAllocations
import Testing

@Suite(.serialized) struct AllocationCountTests {
    @Test func allocationsAreCountedWhileAskedTo() throws {
        guard ca_is_available() else { return }
        ca_start()
        let blocks = (0..<100).map { UnsafeMutableRawPointer.allocate(byteCount: 100 + $0, alignment: 8) }
        let aligned = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 64)
        let counted = ca_count()
        ca_stop()
        #expect(counted >= 101)
        #expect(Int(bitPattern: aligned) % 64 == 0)
        for block in blocks + [aligned] { block.deallocate() }
    }
}
