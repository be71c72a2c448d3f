// Package metrics tests what monitoring has of mcdns: that Prometheus reads the
// page, that the shipped rules and the dashboard ask for metrics that there are and
// raise the alarms they promise, in a real Prometheus too, and that a LAN's metrics follow an outage.
package metrics
