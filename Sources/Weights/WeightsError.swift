/// Why a checkpoint cannot be used, naming the file, the tensor, the limit and the value.
public struct WeightsError: Error, Equatable, CustomStringConvertible {
    /// The kind of fault.
    public enum Code: Sendable, Equatable {
        /// The file or directory is not there or the system refused it.
        case unreadable
        /// The bytes break the format.
        case malformed
        /// A count or size is over a limit.
        case tooLarge
        /// A name occurs twice.
        case duplicate
        /// An index names a file outside its directory or one that lacks the tensor.
        case badIndex
        /// The model needs a tensor that is not there.
        case missing
        /// A tensor is there with another shape than the model needs.
        case wrongShape
        /// A tensor is there in a number format that cannot be read.
        case wrongType
        /// Weights were packed in another layout or format than is asked for.
        case wrongPacking
        /// A file cannot be written.
        case unwritable
    }

    /// The kind of fault.
    public let code: Code
    /// The file at fault, if one is.
    public let file: String?
    /// The tensor at fault, if one is.
    public let tensor: String?
    /// What is wrong, in words.
    public let problem: String

    /// Makes an error.
    public init(_ code: Code, file: String? = nil, tensor: String? = nil, _ problem: String) {
        self.code = code
        self.file = file
        self.tensor = tensor
        self.problem = problem
    }

    /// `file: tensor 'name': problem`.
    public var description: String {
        let place = [file, tensor.map { "tensor '\($0)'" }].compactMap(\.self)
        return (place + [problem]).joined(separator: ": ")
    }
}
