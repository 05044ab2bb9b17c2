/* medallion
description: How punctual each carrier was in each month; on time is less than 15 minutes late at the destination.
materialisation: table
keys: [carrier, year, month]
partitioning: []
*/
SELECT
    f.carrier,
    a.name AS carrier_name,
    f.year,
    f.month,
    COUNT(*) AS scheduled,
    COUNT(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
    COUNT(f.arr_delay) AS arrived,
    COUNT(*) FILTER (WHERE f.arr_delay < 15) AS on_time,
    ROUND(100.0 * COUNT(*) FILTER (WHERE f.arr_delay < 15) / NULLIF(COUNT(f.arr_delay), 0), 2) AS on_time_percent,
    ROUND(AVG(f.arr_delay), 2) AS average_arrival_delay_minutes,
    MAX(f.arr_delay) AS longest_arrival_delay_minutes
FROM silver.flights AS f
JOIN silver.airlines AS a ON a.carrier = f.carrier
GROUP BY f.carrier, a.name, f.year, f.month
