/// Something that a paper finds, and whether an experiment's numbers show it too.
public struct Claim: Sendable {
    /// What the paper finds.
    let text: String
    private let check: @Sendable (Estimates) -> (holds: Bool, numbers: [(String, Estimate)])?

    /// A finding and its test, which says what it looked at; `nil` where that was not measured.
    init(
        _ text: String,
        check: @escaping @Sendable (Estimates) -> (holds: Bool, numbers: [(String, Estimate)])?
    ) {
        self.text = text
        self.check = check
    }

    /// The finding, whether it appears here, and the numbers that say so; `nil` where they were not measured.
    func verdict(_ estimates: Estimates) -> String? {
        guard let (holds, numbers) = check(estimates) else { return nil }
        let listed = numbers.map {
            "\($0.0) \(HTML.number($0.1.mean, digits: 2)) ± \(HTML.number($0.1.error, digits: 2))"
        }
        return "\(text) This \(holds ? "appears" : "does not appear"): \(listed.joined(separator: ", "))."
    }
}
