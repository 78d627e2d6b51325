import Foundation

/// What an answer to a question of yes or no says, as MME's evaluation reads it.
enum YesNoAnswer: String, Sendable {
    case yes
    case no
    case other

    /// Tokens that such an answer may have.
    static let tokens = 8

    /// Reads an answer: exactly yes or no, else what its first four characters hold, yes before no; in any case, without
    /// spaces around it.
    init(_ text: String) {
        let start = text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased().prefix(4)
        self = start.contains("yes") ? .yes : start.contains("no") ? .no : .other
    }

    /// Whether it is the right answer.
    func answers(_ question: YesNoQuestion) -> Bool { self == (question.isYes ? .yes : .no) }
}
