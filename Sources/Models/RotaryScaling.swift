import Foundation

/// How rotary frequencies are stretched beyond the trained context.
///
/// Formulas: transformers' `modeling_rope_utils` (`linear`, `llama3`).
public enum RotaryScaling: Sendable, Equatable {
    /// Plain `theta^(-2i/d)`.
    case none
    /// Every frequency divided by `factor`.
    case linear(factor: Double)
    /// Llama 3: long wavelengths divided by `factor`, short ones kept, a smooth ramp between.
    case llama3(factor: Double, low: Double, high: Double, originalContext: Int)

    /// The inverse frequencies of one head, `[headDim / 2]`, in radians per position.
    public func inverseFrequencies(theta: Double, headDim: Int) -> [Float] {
        let plain = (0..<headDim / 2).map { index in
            1 / Float(pow(theta, Double(Float(2 * index) / Float(headDim))))
        }
        switch self {
        case .none:
            return plain
        case .linear(let factor):
            return plain.map { $0 / Float(factor) }
        case .llama3(let factor, let low, let high, let originalContext):
            return plain.map { frequency in
                let wavelength = 2 * Double.pi / Double(frequency)
                if wavelength < Double(originalContext) / high { return frequency }
                if wavelength > Double(originalContext) / low { return frequency / Float(factor) }
                let smooth = Float((Double(originalContext) / wavelength - low) / (high - low))
                return (1 - smooth) * frequency / Float(factor) + smooth * frequency
            }
        }
    }

    /// Reads `rope_parameters` (new spelling) or `rope_scaling` (old), with theta from either place.
    static func read(from text: ConfigurationReader) throws(ModelError) -> (theta: Double, scaling: RotaryScaling) {
        let key = text.has("rope_parameters") ? "rope_parameters" : "rope_scaling"
        let parameters = try text.object(key)
        let outerTheta = try text.float("rope_theta", default: 10_000)
        let theta = try parameters.float("rope_theta", default: outerTheta)
        let oldName = try parameters.string("type")
        let kind = try parameters.string("rope_type") ?? oldName ?? "default"
        switch kind {
        case "default":
            return (theta, .none)
        case "linear":
            return (theta, .linear(factor: try parameters.float("factor", default: 1)))
        case "llama3":
            let low = try parameters.float("low_freq_factor", default: 1)
            let high = try parameters.float("high_freq_factor", default: 4)
            guard high > low else {
                throw ModelError(
                    "\(parameters.path): \"high_freq_factor\" is \(high); it must be above \"low_freq_factor\", \(low)"
                )
            }
            return (
                theta,
                .llama3(
                    factor: try parameters.float("factor", default: 8),
                    low: low,
                    high: high,
                    originalContext: try parameters.integer(
                        "original_max_position_embeddings",
                        in: 1...(1 << 24),
                        default: 8192
                    )
                )
            )
        default:
            throw ModelError(
                "\(parameters.path): rope type \"\(kind)\" is not supported; supported are default, linear and llama3"
            )
        }
    }
}
