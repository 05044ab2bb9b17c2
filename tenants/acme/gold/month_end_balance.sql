/* medallion
description: >-
  What stands on each account, one customer's money in one currency, at the end of each of the last twelve months up to the
  latest month with a movement. A month without movements carries the balance on, and everything before the twelve
  months is in it.
materialisation: table
keys: [customer_id, currency, month_end]
partitioning: []
*/
WITH monthly AS (
    SELECT
        customer_id,
        currency,
        CAST(DATE_TRUNC('month', transaction_time AT TIME ZONE 'UTC') AS DATE) AS month,
        COUNT(*) AS movements,
        SUM(amount) AS net
    FROM silver.transactions
    GROUP BY ALL
),
reported AS (
    SELECT CAST(UNNEST(GENERATE_SERIES(MAX(month) - INTERVAL 11 MONTH, MAX(month), INTERVAL 1 MONTH)) AS DATE) AS month
    FROM monthly
),
accounts AS (
    SELECT
        customer_id,
        currency,
        MIN(month) AS opened,
        COALESCE(SUM(net) FILTER (WHERE month < (SELECT MIN(month) FROM reported)), 0) AS brought_forward
    FROM monthly
    GROUP BY ALL
)
SELECT
    a.customer_id,
    a.currency,
    LAST_DAY(r.month) AS month_end,
    COALESCE(m.movements, 0) AS movements,
    CAST(COALESCE(m.net, 0) AS DECIMAL(38, 2)) AS net_movement,
    CAST(
        a.brought_forward + SUM(COALESCE(m.net, 0)) OVER (PARTITION BY a.customer_id, a.currency ORDER BY r.month)
        AS DECIMAL(38, 2)
    ) AS balance
FROM accounts AS a
JOIN reported AS r ON r.month >= a.opened
LEFT JOIN monthly AS m ON m.customer_id = a.customer_id AND m.currency = a.currency AND m.month = r.month
