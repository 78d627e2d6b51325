import Foundation
import Generation
import JSON
import Probing
import WebServer

/// An answer with arrays on its way out: within the JSON, or beside it in one NPZ.
struct ArrayAnswer {
    private let form: AnswerForm
    private let encoding: ArrayEncoding
    private var archive = NPZArchive()
    private var archivedBytes = 0
    private(set) var warnings: [String]
    private var resolved = ResolvedInterventions()

    /// Arrays for the answer to `api`, whose warnings it carries, and what the `run` for it changed.
    init(_ api: APIRequest, _ run: GenerationRequest) {
        self.init(api.form, api.chat.encoding, warnings: api.chat.warnings)
        resolved = run.interventions
    }

    init(_ form: AnswerForm, _ encoding: ArrayEncoding, warnings: [String] = []) {
        self.form = form
        self.encoding = encoding
        self.warnings = warnings
    }

    /// What stands in the JSON at `path`: the array, or in an NPZ the name of the member that holds it.
    mutating func place(_ array: NumberArray, at path: String) throws(ProbeError) -> JSONValue {
        if form == .npz {
            let type: ArrayEncoding.NumberType = if case .base64(let type) = encoding { type } else { .f32 }
            try reserve(array.values.count, path)
            archive.add(array, name: path, type: type)
            return ["npz": .string(path)]
        }
        if case .base64(let type) = encoding { return array.base64(type) }
        if array.values.count <= ArrayEncoding.limit { return array.nested }
        warnings.append(
            "\(path) holds \(array.values.count) numbers, more than \(ArrayEncoding.limit): sent as base64"
        )
        return array.base64(.f32)
    }

    /// The same for integers, which are nested in any JSON.
    mutating func place(_ array: IntegerArray, at path: String) throws(ProbeError) -> JSONValue {
        guard form == .npz else { return array.nested }
        try reserve(array.values.count, path)
        archive.add(array, name: path)
        return ["npz": .string(path)]
    }

    /// Whether numbers that JSON spreads over many members are wanted together, as arrays.
    var gathersNumbers: Bool { form == .npz || encoding != .json }

    /// Adds to the warnings.
    mutating func warn(_ more: [String]) { warnings += more }

    /// `fields` with the warnings and what interventions resolved to.
    func complete(_ fields: [String: JSONValue]) -> [String: JSONValue] {
        var fields = fields
        fields.add(resolved: resolved, warnings: warnings)
        return fields
    }

    /// The whole answer; `fields` hold what `place` returned.
    func response(_ fields: [String: JSONValue]) -> ServerResponse {
        let json = JSONValue.object(complete(fields)).serialized()
        guard form == .npz else { return .json(json) }
        var archive = archive
        archive.add(json, file: "meta.json")
        return .bytes(archive.data, contentType: AnswerForm.npz.rawValue)
    }

    // MARK: - Private

    private mutating func reserve(_ count: Int, _ path: String) throws(ProbeError) {
        archivedBytes += count * 4 + 1024
        guard archivedBytes <= NPZArchive.limit else {
            throw .unsupported(
                "Accept",
                "\(path): \(archivedBytes) bytes are more than one NPZ holds, \(NPZArchive.limit)"
            )
        }
    }
}
