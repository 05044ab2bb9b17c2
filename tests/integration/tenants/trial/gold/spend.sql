/* medallion
description: What each customer has spent.
materialisation: table
keys: [customer_id]
partitioning: []
*/
SELECT c.id AS customer_id, c.name, SUM(o.amount) AS spent, COUNT(*) AS orders
FROM silver.customers AS c
JOIN silver.orders AS o ON o.customer_id = c.id
GROUP BY c.id, c.name
