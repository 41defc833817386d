"""How much may be sent: the budget that an exchange grants to one IP address.

Kept in memory for the threads of one process, or in SQLite or Redis for all processes that share
the address. One pure rule counts for all of them; every place has the same verbs.
"""

from chandlery.transport.budget.memory import MinuteBudget
from chandlery.transport.budget.opening import open_budget
from chandlery.transport.budget.protocol import Budget, Permit

__all__ = ["Budget", "MinuteBudget", "Permit", "open_budget"]
