public import JSON

/// A value of a request together with its path, so that every error names the field it is about.
public struct ProbeField: Sendable {
    /// The value.
    public let value: JSONValue
    /// The path, such as `knockouts[1].interventions[0].from`.
    public let path: String

    /// Wraps a value found at `path`.
    public init(_ value: JSONValue, path: String) {
        self.value = value
        self.path = path
    }

    /// The member `key`; `nil` when absent or null.
    public func member(_ key: String) -> ProbeField? {
        value[key].map { ProbeField($0, path: path(of: key)) }
    }

    /// The member `key`, which must be there.
    public func required(_ key: String) throws(ProbeError) -> ProbeField {
        guard let field = try object().member(key) else { throw .invalid(path(of: key), "is missing") }
        return field
    }

    /// The field itself, if it is an object.
    public func object() throws(ProbeError) -> ProbeField {
        guard value.object != nil else { throw .invalid(path, "must be an object, not \(value.kind)") }
        return self
    }

    /// Refuses an object with members of several `forms`, each of which means something on its own.
    func checkOne(of forms: [String]) throws(ProbeError) {
        let given = forms.filter { member($0) != nil }
        guard given.count > 1 else { return }
        throw .invalid(path, "has \(given.joined(separator: " and ")), which are different forms; give one")
    }

    /// The elements of an array.
    public func elements() throws(ProbeError) -> [ProbeField] {
        guard let array = value.array else { throw .invalid(path, "must be an array, not \(value.kind)") }
        return array.enumerated().map { ProbeField($1, path: "\(path)[\($0)]") }
    }

    /// An integer.
    public func integer() throws(ProbeError) -> Int {
        guard let integer = value.integer else { throw .invalid(path, "must be an integer, not \(value.kind)") }
        return integer
    }

    /// A finite number.
    public func number() throws(ProbeError) -> Double {
        guard let number = value.number, number.isFinite else {
            throw .invalid(path, "must be a finite number, not \(value.kind)")
        }
        return number
    }

    /// A number in `range`.
    public func number(in range: ClosedRange<Double>) throws(ProbeError) -> Double {
        let value = try number()
        guard range.contains(value) else {
            throw .invalid(path, "is \(value); it must lie in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    /// A string.
    public func string() throws(ProbeError) -> String {
        guard let string = value.string else { throw .invalid(path, "must be a string, not \(value.kind)") }
        return string
    }

    /// One of some words.
    public func word<Word: RawRepresentable & CaseIterable>() throws(ProbeError) -> Word
    where Word.RawValue == String {
        let name = try string()
        guard let word = Word(rawValue: name) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(path, "\"\(name)\" is not among \(words)")
        }
        return word
    }

    /// A boolean.
    public func flag() throws(ProbeError) -> Bool {
        guard let flag = value.bool else { throw .invalid(path, "must be true or false, not \(value.kind)") }
        return flag
    }

    /// An array of integers.
    public func integers() throws(ProbeError) -> [Int] {
        var result: [Int] = []
        for element in try elements() { result.append(try element.integer()) }
        return result
    }

    /// An array of exactly `count` numbers.
    public func numbers(_ count: Int) throws(ProbeError) -> [Double] {
        let fields = try elements()
        guard fields.count == count else { throw .invalid(path, "must hold \(count) numbers, not \(fields.count)") }
        var result: [Double] = []
        for field in fields { result.append(try field.number()) }
        return result
    }

    /// Two integers `[a, b]`.
    public func pair() throws(ProbeError) -> (Int, Int) {
        let pair = try integers()
        guard pair.count == 2 else { throw .invalid(path, "must be two integers, not \(pair.count)") }
        return (pair[0], pair[1])
    }

    // MARK: - Private

    private func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
