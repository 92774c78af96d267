"""What intake tells of itself: the metrics of one source, looked up once, not at each request."""

from collections import Counter as Tally

from prometheus_client import Counter

from gateway.intake.delivery.checker import Checked
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.web.http.refusals import RefusalLog

_logger = get_logger(__name__)


class SourceCounts:
    """Of one configured source, for its name becomes a label value."""

    def __init__(self, metrics: Metrics, source: str) -> None:
        self._metrics = metrics
        self._source = source
        self._requests: dict[int, Counter] = {}
        self._seconds = metrics.intake_request_duration_seconds.labels(source)
        self._firing = metrics.alerts_received_total.labels(source, "firing")
        self._resolved = metrics.alerts_received_total.labels(source, "resolved")
        self._delivered_at = metrics.source_last_delivery_timestamp_seconds.labels(source)
        self._left_out = RefusalLog(_logger, "the sender left alerts out")
        self.body_bytes = metrics.intake_body_bytes.labels(source)

    def answered(self, status: int, seconds: float) -> None:
        """Any request, whatever came of it."""
        requests = self._requests.get(status)
        if requests is None:
            requests = self._metrics.intake_requests_total.labels(self._source, str(status))
            self._requests[status] = requests
        requests.inc()
        self._seconds.observe(seconds)

    def taken(self, checked: Checked) -> None:
        """What a body held, once it is durable."""
        firing = sum([sighting.firing for sighting in checked.sightings])
        if firing:
            self._firing.inc(firing)
        if resolved := len(checked.sightings) - firing:
            self._resolved.inc(resolved)
        if checked.sightings or not checked.rejected:
            self._delivered_at.set_to_current_time()
        reasons = Tally(rejected.reason for rejected in checked.rejected)
        for reason, count in reasons.items():
            self._metrics.alerts_rejected_total.labels(self._source, reason).inc(count)
        if checked.truncated:
            self._metrics.alerts_truncated_total.labels(self._source).inc(checked.truncated)
            self._left_out.refused({"source": self._source}, truncated=checked.truncated)
