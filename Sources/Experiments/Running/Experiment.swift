public import Generation
public import JSON

/// An experiment of the papers: what it measures in one picture, and how its figures look.
public protocol Experiment: Sendable {
    /// The name on the command line and in results.
    var name: String { get }
    /// What it measures and after which paper, in a sentence or two.
    var summary: String { get }
    /// The figures of its report, in order.
    func figures(_ bench: ExperimentBench) -> [Figure]
    /// Measures one picture.
    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings
}

/// What an experiment found in a picture, before it is written down.
public struct Findings: Sendable {
    /// The numbers.
    public var measurements = Measurements()
    /// What a reader may want to see beside them.
    public var details: [String: JSONValue] = [:]
}

/// A picture of the data set with its file's bytes.
public struct ShownPicture: Sendable {
    /// What is known of it.
    public let annotated: AnnotatedPicture
    /// Its file.
    public let image: PromptImage
}

/// The experiments that there are.
public enum ExperimentCatalog {
    /// In the order in which help lists them.
    public static let all: [any Experiment] = [
        AttentionFractionExperiment(), KnockoutSweepExperiment(), LocalizationExperiment(), LogitLensExperiment(),
        ObjectAblationExperiment(), ObjectReadoutExperiment(), TopKCurveExperiment(),
    ]

    /// The one with a name; an unknown name is an error that lists those that exist.
    public static func named(_ name: String) throws(ExperimentError) -> any Experiment {
        guard let found = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw ExperimentError(description: "there is no experiment \"\(name)\"; there are \(names)")
        }
        return found
    }
}

/// An experiment that cannot be run as asked.
public struct ExperimentError: Error, CustomStringConvertible, Sendable, Equatable {
    /// What is wrong.
    public let description: String
}
