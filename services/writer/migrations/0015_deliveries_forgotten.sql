-- The delivery service drops rows that were dealt with long ago.
GRANT DELETE ON alert_deliveries TO vntape_writer;
