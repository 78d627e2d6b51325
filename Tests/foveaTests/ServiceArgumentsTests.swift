import API
import ArgumentParser
import Testing

@testable import fovea

@Suite struct ServiceArgumentsTests {
    @Test(arguments: [("0.25", 0.25), ("0.001", 0.001), ("60", 60), ("1e3", 1000)])
    func aTimeBudgetMayBeAFractionOfASecond(text: String, seconds: Double) throws {
        #expect(try ServiceArguments.parse(["--time-budget", text]).configuration().timeBudget == seconds)
        #expect(try ServiceArguments.parse([]).configuration().timeBudget == nil)
    }

    @Test(arguments: ["0", "-1", "nan", "inf", "1e10"])
    func aTimeBudgetOutOfItsRangeIsNamed(text: String) throws {
        let arguments = try ServiceArguments.parse(["--time-budget=\(text)"])
        let error = #expect(throws: ValidationError.self) { try arguments.configuration() }
        #expect(error?.message.contains("--time-budget") == true && error?.message.contains("0.001") == true)
    }
}
