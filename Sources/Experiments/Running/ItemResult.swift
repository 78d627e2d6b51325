public import JSON
import Probing

/// What an experiment found in one picture; one line of its results.
public struct ItemResult: Sendable, Equatable {
    /// The picture's number in the data set.
    public let id: Int
    /// The picture's file.
    public let file: String
    /// The numbers.
    public let measurements: Measurements
    /// What a reader may want to see beside them: answers, objects, what was left out.
    public let details: JSONValue

    /// What was found in a picture.
    public init(_ picture: AnnotatedPicture, measurements: Measurements, details: JSONValue) {
        id = picture.id
        file = picture.file
        self.measurements = measurements
        self.details = details
    }

    /// The line, as JSON.
    var json: JSONValue {
        ["id": .integer(id), "file": .string(file), "measurements": measurements.json, "details": details]
    }

    /// Reads what `json` wrote.
    init(_ field: ProbeField) throws {
        id = try field.required("id").integer()
        file = try field.required("file").string()
        measurements = try Measurements(field.required("measurements"))
        details = field.member("details")?.value ?? nil
    }
}
