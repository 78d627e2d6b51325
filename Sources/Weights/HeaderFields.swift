import JSON
/// What a safetensors header says of one tensor, before it is checked.
struct HeaderFields {
    private var type: String?
    private var shape: [Int]?
    private var offsets: [Int]?

    /// Reads the object of one tensor. Fields the format does not know are passed over.
    init(_ cursor: inout JSONCursor) throws(JSONCursor.Fault) {
        var fields = HeaderFields()
        try cursor.object { (cursor, key) throws(JSONCursor.Fault) in
            switch key {
            case "dtype": fields.type = try cursor.string()
            case "shape": fields.shape = try cursor.naturals(limit: SafetensorsFile.axisLimit)
            case "data_offsets": fields.offsets = try cursor.naturals(limit: 2)
            default: try cursor.skipValue()
            }
        }
        self = fields
    }

    private init() {}

    /// Checks that the bytes are as many as shape and type need.
    func entry(name: String, path: String) throws(WeightsError) -> SafetensorsFile.Entry {
        func fail(_ problem: String) -> WeightsError {
            WeightsError(.malformed, file: path, tensor: name, problem)
        }
        guard let type, let shape, let offsets else {
            throw fail("dtype, shape and data_offsets must all be given")
        }
        guard let stored = StoredType(rawValue: type) else {
            let known = StoredType.allCases.map(\.rawValue).joined(separator: ", ")
            throw fail("unknown dtype '\(type)'; known are \(known)")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw fail("data_offsets \(offsets) are not a start and an end")
        }
        guard let bits = Self.product(shape + [stored.bitCount]) else {
            throw fail("shape \(shape) of \(type) is over \(Int.max) bits")
        }
        guard bits % 8 == 0, bits / 8 == offsets[1] - offsets[0] else {
            let given = offsets[1] - offsets[0]
            throw fail("shape \(shape) of \(type) needs \(bits) bits, data_offsets give \(given) bytes")
        }
        let range = offsets[0]..<offsets[1]
        return .init(name: name, type: stored, shape: shape, count: bits / stored.bitCount, range: range)
    }

    /// The product, or nothing if it overflows. A zero does not excuse the other factors: whoever multiplies them in
    /// another order must not overflow either.
    private static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors where factor > 0 {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            product = next
        }
        return factors.contains(0) ? 0 : product
    }
}
