"""What is measured, for Prometheus. No label holds anything that a citizen wrote or is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """The front door's measures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.messages_in = Counter(
            "motcua_messages_in_total", "Messages taken from citizens.", ["channel"], registry=self.registry
        )
        self.duplicates = Counter(
            "motcua_messages_duplicate_total",
            "Messages a channel gave again.",
            ["channel"],
            registry=self.registry,
        )
        self.messages_out = Counter(
            "motcua_messages_out_total", "Messages to citizens.", ["channel"], registry=self.registry
        )
        self.turn_seconds = Histogram(
            "motcua_turn_seconds",
            "From a message written down to its answer written down.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.dialogue_seconds = Histogram(
            "motcua_dialogue_seconds",
            "One call to the dialogue server.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.failures = Counter(
            "motcua_failures_total",
            "What went wrong, by kind.",
            ["kind"],
            registry=self.registry,
        )
        self.refused = Counter(
            "motcua_requests_refused_total",
            "Requests of the web chat that were refused, by error code.",
            ["code"],
            registry=self.registry,
        )
        self.zalo_signatures = Counter(
            "motcua_zalo_signatures_total",
            "Webhooks of Zalo by the timestamp that they were signed with.",
            ["variant"],
            registry=self.registry,
        )
        self.zalo_sends = Counter(
            "motcua_zalo_sends_total",
            "Messages to Zalo by the window they fell into: free, paid or closed.",
            ["window"],
            registry=self.registry,
        )
        self.inbox_waiting = Gauge("motcua_inbox_waiting", "Messages not answered yet.", registry=self.registry)
        self.streams = Gauge("motcua_streams_open", "Open streams of the web chat.", registry=self.registry)
        self.free_bytes = Gauge(
            "motcua_free_bytes", "Free space on the fullest disk that is written to.", registry=self.registry
        )

    def text(self) -> bytes:
        """The measures in Prometheus' text format."""
        return generate_latest(self.registry)
