/// Why a picture, a selection on it, or a processor configuration was refused.
public enum ImageError: Error, Sendable, Equatable {
    /// The bytes are no JPEG, PNG or WebP file.
    case unknownFormat
    /// A limit of ``ImageLimits`` was passed.
    case tooLarge(what: String, value: Int, limit: Int)
    /// The file ends before the picture does.
    case truncated(ImageFormat)
    /// The file is damaged; `reason` is the codec's own finding.
    case corrupt(ImageFormat, reason: String)
    /// The file is of a kind that is not read.
    case unsupported(ImageFormat, reason: String)
    /// A box, polygon, mask or patch does not fit the picture it selects from.
    case invalidSelection(String)
    /// A processor configuration cannot be followed.
    case configuration(file: String, field: String?, reason: String)
    /// A picture could not be written.
    case encoding(reason: String)
}

extension ImageError: CustomStringConvertible {
    /// One sentence that names the thing, the limit and the value.
    public var description: String {
        switch self {
        case .unknownFormat:
            "the image is neither JPEG, PNG nor WebP; convert it to one of these"
        case .tooLarge(let what, let value, let limit):
            "the image has \(value) \(what), over the limit of \(limit); send a smaller one"
        case .truncated(let format):
            "the \(format.rawValue) image ends before its picture does; send the whole file"
        case .corrupt(let format, let reason):
            "the \(format.rawValue) image is damaged: \(reason)"
        case .unsupported(let format, let reason):
            "this kind of \(format.rawValue) image is not supported: \(reason)"
        case .invalidSelection(let reason):
            reason
        case .configuration(let file, let field?, let reason):
            "\(file): field \"\(field)\" \(reason)"
        case .configuration(let file, nil, let reason):
            "\(file): \(reason)"
        case .encoding(let reason):
            "the picture could not be written: \(reason)"
        }
    }
}
