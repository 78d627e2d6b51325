/// P2's knockouts: which rows cannot see image columns.
public enum KnockoutPreset: String, Sendable, CaseIterable {
    /// Decode rows only.
    case imageToGenerated = "img->gen"
    /// Every text row of the prompt that can see an image, the last one included.
    case imageToText = "img->txt"
    /// Both.
    case imageToTextAndGenerated = "img->txt+gen"

    init(_ field: ProbeField) throws(ProbeError) {
        let name = try field.string()
        guard let preset = KnockoutPreset(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field.path, "\"\(name)\" is no knockout preset; there are \(names)")
        }
        self = preset
    }
}

/// Whether edges change before the softmax, so that the rest renormalises, or after it.
public enum KnockoutMode: String, Sendable, CaseIterable {
    /// On the scores: `-inf`, or the logarithm of a factor, is added.
    case preSoftmax = "pre_softmax"
    /// On the probabilities: zero, or a factor, is multiplied.
    case postSoftmax = "post_softmax"

    init(_ field: ProbeField) throws(ProbeError) {
        let name = try field.string()
        guard let mode = KnockoutMode(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field.path, "\"\(name)\" is no mode; there are \(names)")
        }
        self = mode
    }
}
