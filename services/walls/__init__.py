"""The walls: Grafana dashboards, made in Python and committed as JSON in grafana/dashboards."""
