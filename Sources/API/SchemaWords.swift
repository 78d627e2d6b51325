import JSON

/// The words that schemas are written in.
protocol SchemaWords {}

extension SchemaWords {
    static var string: JSONValue { ["type": "string"] }
    static var integer: JSONValue { ["type": "integer"] }
    static var number: JSONValue { ["type": "number"] }
    static var boolean: JSONValue { ["type": "boolean"] }

    static func object(_ properties: JSONValue, required: [String] = []) -> JSONValue {
        var fields: [String: JSONValue] = ["type": "object", "properties": properties]
        if !required.isEmpty { fields["required"] = .array(required.map { .string($0) }) }
        return .object(fields)
    }

    /// An object that always has all its members but the optional ones.
    static func complete(_ properties: JSONValue, optional: Set<String> = []) -> JSONValue {
        object(properties, required: (properties.object ?? [:]).keys.filter { !optional.contains($0) }.sorted())
    }

    static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }
}
