import Generation

extension ResidentModel {
    /// What a plan is predicted to cost.
    func estimate(_ plan: CostPlan) async -> CostEstimate {
        costs.estimate(plan, rates: await engine.measuredRates())
    }

    /// Refuses a plan whose keys, values and recordings or gradients would not fit or that would take longer than the
    /// server's owner allows.
    func check(_ plan: CostPlan) async throws {
        // Bytes depend on no rates: without a time budget nothing is measured for them.
        try checkMemory(plan, costs.estimate(plan, rates: RateMeter.Rates()))
        if timeBudget != nil { try checkTime(await estimate(plan)) }
    }

    /// Whether `check` would let a plan of this cost pass.
    func allows(_ plan: CostPlan, _ estimate: CostEstimate) -> Bool {
        do {
            try checkMemory(plan, estimate)
            try checkTime(estimate)
            return true
        } catch {
            return false
        }
    }

    // MARK: - Private

    private func checkMemory(_ plan: CostPlan, _ estimate: CostEstimate) throws(MemoryError) {
        let budget = engine.cacheBudget
        guard estimate.cacheBytes <= budget else { throw MemoryError(needed: estimate.cacheBytes, budget: budget) }
        try plan.gradients?.check(budget: budget)
    }

    private func checkTime(_ estimate: CostEstimate) throws(TimeBudgetError) {
        guard let budget = timeBudget, estimate.seconds > budget else { return }
        throw TimeBudgetError(seconds: estimate.seconds, budget: budget)
    }
}
