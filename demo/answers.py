"""Questions to Gold, one for each model that ships. A model without one is asked for its first rows."""

from __future__ import annotations

_QUESTIONS = {
    "on_time_performance": (
        "The most punctual carriers of the year",
        (
            "SELECT carrier_name, SUM(arrived) AS arrived, "
            "CAST(ROUND(100.0 * SUM(on_time) / SUM(arrived), 1) AS double) AS on_time_percent "
            "FROM on_time_performance GROUP BY carrier_name HAVING SUM(arrived) > 0 ORDER BY 3 DESC, 1 LIMIT 5"
        ),
    ),
    "delay_by_weather": (
        "How the weather delays departures",
        (
            "SELECT origin, condition, scheduled, delayed_percent, average_departure_delay_minutes "
            "FROM delay_by_weather WHERE condition <> 'unknown' ORDER BY delayed_percent DESC, origin LIMIT 5"
        ),
    ),
    "fleet_age_by_carrier": (
        "The oldest fleets",
        (
            "SELECT carrier_name, planes_of_known_age, average_age_years FROM fleet_age_by_carrier "
            "WHERE planes_of_known_age > 0 ORDER BY average_age_years DESC, carrier_name LIMIT 5"
        ),
    ),
    "month_end_balance": (
        "What the bank holds at the end of each of the last months",
        (
            "SELECT month_end, currency, COUNT(*) AS accounts, SUM(balance) AS balance "
            "FROM month_end_balance GROUP BY month_end, currency ORDER BY month_end DESC, currency LIMIT 4"
        ),
    ),
}


def question(model: str) -> tuple[str, str]:
    """What is asked of the model, in words and in Athena's SQL."""
    return _QUESTIONS.get(model, (f"The first rows of {model}", f'SELECT * FROM "{model}" ORDER BY 1, 2 LIMIT 5'))  # noqa: S608  # a registered name is checked
