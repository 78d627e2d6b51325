import Foundation
import Models
import Synchronization

/// Tells on standard error how far a model is that takes more than a second to load.
enum LoadProgressLine {
    static func make() -> LoadProgress {
        let start = ContinuousClock.now
        let lastShown = Mutex(start)
        return LoadProgress { done, total in
            let now = ContinuousClock.now
            let isDue = lastShown.withLock { shown in
                guard now - shown > .seconds(1) else { return false }
                shown = now
                return true
            }
            guard isDue else { return }
            let left = (now - start) / done * (total - done)
            let line = "loading: \(done) of \(total) blocks, about \(left.components.seconds) s left\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
    }
}
