import Experiments
import Generation
import HTTPCore
import HTTPTypes
import Imaging
import JSON
import Models
import Probing

/// The one place where what went wrong becomes a status.
enum APIError {
    static func modelNotFound(_ name: String, resident: String) -> HTTPError {
        HTTPError(
            status: .notFound,
            code: "model_not_found",
            message: "model \"\(name)\" is not served here; the resident model is \"\(resident)\"",
            parameter: "model"
        )
    }

    /// The answer to an error from any layer below; unknown ones are the server's own fault.
    static func answer(to error: any Error) -> any Error {
        switch error {
        case let error as ProbeError:
            return error.kind == .invalid
                ? HTTPError.badRequest(error.message, parameter: error.parameter)
                : HTTPError(
                    status: .unprocessableContent,
                    code: "unsupported_probe",
                    message: error.message,
                    parameter: error.parameter
                )
        case let error as PromptError:
            return HTTPError.badRequest(error.message, code: error.code, parameter: error.parameter)
        case let error as MemoryError:
            return HTTPError(
                status: .serviceUnavailable,
                type: "server_error",
                code: "out_of_memory_estimate",
                message: error.description
            )
        case let error as TimeBudgetError:
            return HTTPError(
                status: .serviceUnavailable,
                type: "server_error",
                code: "time_budget_exceeded",
                message: error.description
            )
        case let error as JudgeError:
            return HTTPError(
                status: .badGateway,
                type: "server_error",
                code: "judge_failed",
                message: error.description,
                parameter: "judge"
            )
        case let error as JSONError:
            return HTTPError.badRequest("The body is \(error.message)")
        default:
            return error
        }
    }
}
