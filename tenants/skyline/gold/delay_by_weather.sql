/* medallion
description: >-
  How the weather of the scheduled hour goes with departure delays, by origin. Of several conditions the first counts:
  low visibility (under 3 miles), precipitation, strong wind (from 25 miles per hour), fair; unknown without an observation.
materialisation: table
keys: [origin, condition]
partitioning: []
*/
WITH observed AS (
    SELECT
        origin,
        time_hour,
        CASE
            WHEN visib < 3 THEN 'low visibility'
            WHEN precip > 0 THEN 'precipitation'
            WHEN wind_speed >= 25 THEN 'strong wind'
            ELSE 'fair'
        END AS condition
    FROM silver.weather
)
SELECT
    f.origin,
    COALESCE(o.condition, 'unknown') AS condition,
    COUNT(*) AS scheduled,
    COUNT(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
    ROUND(100.0 * COUNT(*) FILTER (WHERE f.dep_time IS NULL) / COUNT(*), 2) AS cancelled_percent,
    COUNT(*) FILTER (WHERE f.dep_delay >= 15) AS delayed,
    ROUND(100.0 * COUNT(*) FILTER (WHERE f.dep_delay >= 15) / NULLIF(COUNT(f.dep_delay), 0), 2) AS delayed_percent,
    ROUND(AVG(f.dep_delay), 2) AS average_departure_delay_minutes
FROM silver.flights AS f
LEFT JOIN observed AS o ON o.origin = f.origin AND o.time_hour = f.time_hour
GROUP BY f.origin, COALESCE(o.condition, 'unknown')
