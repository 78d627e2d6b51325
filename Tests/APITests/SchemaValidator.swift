import Foundation
import JSON

/// Holds values against JSON Schemas: the keywords that `/openapi.json` uses, and no others.
///
/// Objects are closed: where a schema lists properties, a member that it does not list is a fault, so that nothing is
/// answered that is not described.
struct SchemaValidator {
    /// The schemas that references name.
    let schemas: [String: JSONValue]

    /// What is wrong with a value, each fault with its path; none for a valid one.
    func faults(_ value: JSONValue, _ schema: JSONValue, at path: String = "$") -> [String] {
        guard let keywords = schema.object else { return ["\(path): its schema is \(schema.kind)"] }
        return keywords.sorted { $0.key < $1.key }.flatMap { keyword, argument in
            faults(value, keyword, argument, of: keywords, at: path)
        }
    }

    // MARK: - Private

    private func faults(
        _ value: JSONValue,
        _ keyword: String,
        _ argument: JSONValue,
        of schema: [String: JSONValue],
        at path: String
    ) -> [String] {
        func unless(_ isValid: Bool) -> [String] {
            isValid ? [] : ["\(path): \(Self.shown(value)) breaks \(keyword) \(Self.shown(argument))"]
        }
        switch keyword {
        case "description", "default", "format", "contentEncoding", "contentMediaType", "examples": return []
        case "contentSchema": return content(value, argument, at: path)
        case "$ref": return faults(value, named(argument), at: path)
        case "type": return unless((argument.array ?? [argument]).contains { Self.isOf(type: $0.string, value) })
        case "const": return unless(value == argument)
        case "enum": return unless(argument.array?.contains(value) == true)
        case "minimum": return unless(value.number.map { $0 >= argument.number ?? .nan } ?? true)
        case "maximum": return unless(value.number.map { $0 <= argument.number ?? .nan } ?? true)
        case "exclusiveMinimum": return unless(value.number.map { $0 > argument.number ?? .nan } ?? true)
        case "pattern":
            return unless(
                value.string.map { $0.range(of: argument.string ?? "", options: .regularExpression) != nil } ?? true
            )
        case "minLength": return unless(value.string.map { $0.count >= argument.integer ?? .max } ?? true)
        case "minItems": return unless(value.array.map { $0.count >= argument.integer ?? .max } ?? true)
        case "maxItems": return unless(value.array.map { $0.count <= argument.integer ?? .min } ?? true)
        case "items":
            return (value.array ?? []).enumerated().flatMap { faults($1, argument, at: "\(path)[\($0)]") }
        case "required":
            let missing = (argument.array ?? []).compactMap(\.string).filter {
                value.object?.keys.contains($0) == false
            }
            return missing.map { "\(path).\($0) is missing" }
        case "properties":
            return members(value, listed: argument.object ?? [:], others: schema["additionalProperties"], at: path)
        case "additionalProperties":
            return schema["properties"] == nil ? members(value, listed: [:], others: argument, at: path) : []
        case "oneOf": return oneOf(value, argument.array ?? [], at: path)
        case "allOf": return allOf(value, argument.array ?? [], at: path)
        default: return ["\(path): the validator does not know the keyword \(keyword)"]
        }
    }

    private func members(
        _ value: JSONValue,
        listed: [String: JSONValue],
        others: JSONValue?,
        at path: String
    ) -> [String] {
        (value.object ?? [:]).sorted { $0.key < $1.key }.flatMap { key, member in
            guard let schema = listed[key] ?? others else { return ["\(path).\(key) is not described"] }
            return faults(member, schema, at: "\(path).\(key)")
        }
    }

    /// Exactly one must hold; where none does, the faults of the one that came closest are told.
    private func oneOf(_ value: JSONValue, _ schemas: [JSONValue], at path: String) -> [String] {
        let all = schemas.map { faults(value, $0, at: path) }
        let holding = all.count(where: \.isEmpty)
        guard holding != 1 else { return [] }
        let closest = all.min { $0.count < $1.count } ?? []
        return holding > 1 ? ["\(path): \(Self.shown(value)) is \(holding) of oneOf"] : closest
    }

    /// All must hold, but what one of them describes the others need not.
    private func allOf(_ value: JSONValue, _ schemas: [JSONValue], at path: String) -> [String] {
        let all = schemas.map { faults(value, $0, at: path) }
        func isUndescribed(_ fault: String) -> Bool { fault.hasSuffix(" is not described") }
        var nowhere = Set((all.first ?? []).filter(isUndescribed))
        for faults in all.dropFirst() { nowhere.formIntersection(faults) }
        let others: [String] = all.flatMap { $0 }.filter { !isUndescribed($0) }
        return others + nowhere.sorted()
    }

    /// A text that holds a JSON value.
    private func content(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
        guard let text = value.string else { return [] }
        guard let value = try? JSONValue(parsing: Data(text.utf8)) else { return ["\(path): the text is no JSON"] }
        return faults(value, schema, at: path)
    }

    private func named(_ reference: JSONValue) -> JSONValue {
        let name = reference.string?.split(separator: "/").last.map(String.init) ?? ""
        return schemas[name] ?? .null
    }

    private static func isOf(type: String?, _ value: JSONValue) -> Bool {
        switch type {
        case "null": value == .null
        case "boolean": value.bool != nil
        case "integer": value.integer != nil
        case "number": value.number != nil
        case "string": value.string != nil
        case "array": value.array != nil
        case "object": value.object != nil
        default: false
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        String(String(decoding: value.serialized(), as: UTF8.self).prefix(120))
    }
}
