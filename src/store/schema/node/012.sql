-- How many deliveries wait for each webhook, and in all (webhook 0): both have a bound, and a write must not count
-- rows to keep it.
CREATE TABLE webhook_waiting (
    webhook INTEGER PRIMARY KEY,
    waiting INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_waiting_most ON webhook_waiting (waiting);
INSERT INTO webhook_waiting (webhook, waiting)
    SELECT webhook, count(*) FROM webhook_delivery WHERE due IS NOT NULL GROUP BY webhook;
INSERT INTO webhook_waiting (webhook, waiting) SELECT 0, count(*) FROM webhook_delivery WHERE due IS NOT NULL;
CREATE INDEX webhook_delivery_dead ON webhook_delivery (id) WHERE due IS NULL; -- only the newest are kept
