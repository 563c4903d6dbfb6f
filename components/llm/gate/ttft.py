"""Check `ttft`: does the first token come soon enough for a talk? Pure."""

from components.llm.gate.checks import Check
from components.llm.gate.wait import Budget

_TRUGEN_TTFT_S = 0.5  # target of TruGen's byo-llm guide


def judge_ttft(warm_s: float, budget: Budget) -> Check:
    """*warm_s*: seconds to the first token of a request that finds the weights loaded."""
    limit_s = _TRUGEN_TTFT_S if budget.ttft_budget_s is None else budget.ttft_budget_s
    measured = f"first token after {warm_s:.2f} s when warm; {limit_s:g} s are wanted"
    if warm_s <= limit_s:
        return Check("ttft", "pass", measured)
    only_told = budget.ttft_budget_s is None or budget.ttft_budget_action == "warn"
    return Check("ttft", "warn" if only_told else "fail", measured)
