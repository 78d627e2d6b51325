public import Generation
public import JSON

/// An experiment of the papers: what it measures in one picture, and how its figures look.
public protocol Experiment: Sendable {
    /// The name on the command line and in results.
    var name: String { get }
    /// What it measures and after which paper, in a sentence or two.
    var summary: String { get }
    /// What it must know of its pictures.
    var dataset: DatasetKind { get }
    /// What `--compat reference` changes in it.
    var quirks: [ReferenceQuirk] { get }
    /// The figures of its report, in order.
    func figures(_ bench: ExperimentBench) -> [Figure]
    /// The few numbers that say most of it.
    func headlines(_ bench: ExperimentBench) -> [Headline]
    /// What its paper finds.
    func claims(_ bench: ExperimentBench) -> [Claim]
    /// Measures one picture.
    func measure(_ picture: ShownPicture, on bench: ExperimentBench) async throws -> Findings
}

extension Experiment {
    /// Objects.
    public var dataset: DatasetKind { .objects }
    /// Nothing.
    public var quirks: [ReferenceQuirk] { [] }
    /// None.
    public func headlines(_ bench: ExperimentBench) -> [Headline] { [] }
    /// None.
    public func claims(_ bench: ExperimentBench) -> [Claim] { [] }
}

/// What a data set knows of its pictures.
public enum DatasetKind: Sendable {
    /// The objects in them: COCO's annotations.
    case objects
    /// Questions with answers: MME's layout.
    case questions
}

/// A number that a reader should see first.
public struct Headline: Sendable {
    /// What it is.
    public let text: String
    /// Where it was measured.
    public let key: MeasurementKey

    /// Names a number.
    public init(_ text: String, _ key: MeasurementKey) {
        self.text = text
        self.key = key
    }
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
        ObjectAblationExperiment(), ObjectReadoutExperiment(), RepromptExperiment(), TopKCurveExperiment(),
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
