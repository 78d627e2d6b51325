import Imaging
import JSON
import Probing

/// What a user decides about an experiment.
public struct ExperimentSettings: Sendable, Equatable {
    /// What a replaced token becomes.
    public enum Replacement: String, Sendable, CaseIterable {
        /// The stored mean over pictures and patches.
        case mean
        /// Nothing.
        case zero
        /// The mean over the picture's own tokens.
        case imageMean = "image_mean"
    }

    /// What the model is asked to do where the experiment has no question of its own.
    public var prompt = "Describe this image."
    /// Tokens of an answer at most, if the context leaves as many; P2 takes 300.
    public var maxTokens = 300
    /// Seed of what is drawn: objects, random tokens.
    public var seed = 0
    /// What ablated tokens become.
    public var replacement = Replacement.mean
    /// Pixels that a peak may miss an object by; `nil` for one patch, which P2's 40 are about.
    public var dilation: Double?
    /// Which of the objects that are alone of their class are asked about.
    public var filter = ObjectFilter.all
    /// Whether an object must also be named, and not named any more when its pixels are noise.
    public var controlsNoise = false
    /// Steps of the integrated gradients that choose tokens; 0 leaves these sets out.
    public var gradientSteps = 50
    /// What is done as the papers' released code does it.
    public var quirks: Set<ReferenceQuirk> = []

    /// The papers' settings.
    public init() {}

    /// The settings as results carry them.
    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "prompt": .string(prompt), "max_tokens": .integer(maxTokens), "seed": .integer(seed),
            "replace": .string(replacement.rawValue),
            "objects": .string(filter.description), "noise_control": .bool(controlsNoise),
            "gradient_steps": .integer(gradientSteps),
            "compat": quirks.isEmpty ? "none" : .array(quirks.map(\.rawValue).sorted().map { .string($0) }),
        ]
        fields["dilate_px"] = dilation.map { .number($0) }
        return .object(fields)
    }
}

extension ExperimentSettings.Replacement {
    /// What it is, for readers.
    var words: String {
        switch self {
        case .mean: "the mean embedding"
        case .zero: "zeros"
        case .imageMean: "the mean of the picture's own"
        }
    }

    /// The same as a probe has it.
    var probe: Probing.Replacement {
        switch self {
        case .mean: .mean
        case .zero: .zero
        case .imageMean: .imageMean
        }
    }
}
