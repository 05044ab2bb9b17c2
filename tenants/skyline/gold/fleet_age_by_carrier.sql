/* medallion
description: >-
  How old the planes are that each carrier flew, counted once each, in the last year that it flew them. Planes that the
  registry does not know, as those of carriers that report fleet numbers, count as flown and have no age.
materialisation: table
keys: [carrier]
partitioning: []
*/
WITH flown AS (
    SELECT carrier, tailnum, MAX(year) AS last_year
    FROM silver.flights
    WHERE tailnum IS NOT NULL
    GROUP BY carrier, tailnum
)
SELECT
    f.carrier,
    a.name AS carrier_name,
    COUNT(*) AS planes_flown,
    COUNT(p.year) AS planes_of_known_age,
    ROUND(AVG(f.last_year - p.year), 1) AS average_age_years,
    MIN(f.last_year - p.year) AS youngest_years,
    MAX(f.last_year - p.year) AS oldest_years
FROM flown AS f
JOIN silver.airlines AS a ON a.carrier = f.carrier
LEFT JOIN silver.planes AS p ON p.tailnum = f.tailnum
GROUP BY f.carrier, a.name
