import Foundation
import JSON

/// One JSON object of a configuration file, read field by field with bounds.
///
/// Every accessor names file, field, limit and value in its error; nothing that a file says is trusted with an
/// allocation before it passed through here.
struct ConfigurationReader {
    /// Dotted path of this object for messages, such as `config.json: text_config`.
    let path: String
    private let fields: [String: JSONValue]

    init(path: String, fields: [String: JSONValue]) {
        self.path = path
        self.fields = fields
    }

    /// Reads `name` in `directory`; `nil` when there is no such file.
    static func file(_ name: String, in directory: URL) throws(ModelError) -> ConfigurationReader? {
        let url = directory.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let limit = 16 << 20
        let data: Data
        do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
            throw ModelError("\(url.path) cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= limit else {
            throw ModelError("\(url.path) has \(data.count) bytes; a configuration may have at most \(limit)")
        }
        let value: JSONValue
        do { value = try JSONValue(parsing: data) } catch { throw ModelError("\(url.path): \(error)") }
        guard let fields = value.object else {
            throw ModelError("\(url.path) holds \(value.kind); a configuration is an object")
        }
        return ConfigurationReader(path: name, fields: fields)
    }

    func has(_ key: String) -> Bool {
        value(key) != nil
    }

    /// The nested object `key`, empty when absent.
    func object(_ key: String) throws(ModelError) -> ConfigurationReader {
        let nested = try read(key, "an object") { $0.object } ?? [:]
        return ConfigurationReader(path: "\(path): \(key)", fields: nested)
    }

    func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws(ModelError) -> Int {
        let written = try read(key, "an integer", { $0.integer })
        guard let value = written ?? fallback else { throw ModelError("\(path) has no \"\(key)\"") }
        // A default is checked too: the range, or the default itself, may come from other fields.
        guard range.contains(value) else {
            let source = written == nil ? " by default" : ""
            throw ModelError(
                "\(path): \"\(key)\" is \(value)\(source); it must lie in \(range.lowerBound)…\(range.upperBound)"
            )
        }
        return value
    }

    func float(_ key: String, above bound: Double = 0, default fallback: Double) throws(ModelError) -> Double {
        guard let value = try read(key, "a number", { $0.number }) else { return fallback }
        guard value.isFinite, value > bound else {
            throw ModelError("\(path): \"\(key)\" is \(value); it must be finite and above \(bound)")
        }
        return value
    }

    func flag(_ key: String) throws(ModelError) -> Bool? {
        try read(key, "true or false") { $0.bool }
    }

    func string(_ key: String) throws(ModelError) -> String? {
        try read(key, "a string") { $0.string }
    }

    /// An integer or a list of integers, as `eos_token_id` and `vision_feature_layer` are spelled.
    func integers(_ key: String) throws(ModelError) -> [Int]? {
        try read(key, "an integer or a list of integers") { value in
            if let one = value.integer { return [one] }
            let list = value.array?.map(\.integer)
            return list.flatMap { list in list.contains(nil) ? nil : list.compactMap { $0 } }
        }
    }

    // MARK: - Private

    private func value(_ key: String) -> JSONValue? {
        // `nil` in the place of a `JSONValue` would be its null literal, so absence is spelled out.
        guard let value = fields[key], value != .null else { return nil }
        return value
    }

    func read<T>(
        _ key: String,
        _ expected: String,
        _ convert: (JSONValue) -> T?
    ) throws(ModelError) -> T? {
        guard let value = value(key) else { return nil }
        guard let converted = convert(value) else {
            throw ModelError("\(path): \"\(key)\" is \(value.kind); it must be \(expected)")
        }
        return converted
    }
}
