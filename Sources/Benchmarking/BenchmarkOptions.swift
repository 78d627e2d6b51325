public import Foundation
public import Models

/// What is measured, and on what.
public struct BenchmarkOptions: Sendable {
    /// Where the model comes from.
    public enum Subject: Sendable {
        /// Random weights of a named shape.
        case shape(BenchmarkShape)
        /// A model directory.
        case model(URL)
    }

    /// Where the model comes from.
    public var subject: Subject
    /// How it is brought into memory.
    public var loading = ModelOptions()
    /// Positions of the prompt whose prefill is measured.
    public var prefill = 512
    /// Tokens that are decoded in each measurement of decoding.
    public var decode = 64
    /// Numbers of sequences that decode together.
    public var rows = [1, 8, 32]
    /// Whether capture and sweeps are measured.
    public var probes = false
    /// Measurements of each figure, of which the median counts.
    public var repetitions = 3
    /// Bytes that the read bandwidth is measured on.
    public var readBytes = 1 << 30
    /// Seconds of one burst of arithmetic.
    public var burstSeconds = 0.2

    /// The default measurements of `subject`.
    public init(_ subject: Subject) {
        self.subject = subject
    }
}

/// A benchmark that cannot be run.
public struct BenchmarkError: Error, CustomStringConvertible, Sendable {
    /// What is wrong, with the limit and the value.
    public let description: String
}
