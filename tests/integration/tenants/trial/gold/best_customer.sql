/* medallion
description: The customers who have spent most.
materialisation: table
keys: [customer_id]
partitioning: []
*/
SELECT customer_id, spent
FROM gold.spend
QUALIFY RANK() OVER (ORDER BY spent DESC) = 1
